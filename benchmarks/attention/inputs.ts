import { Float16Array } from '@petamoriken/float16';
import seedrandom from 'seedrandom';
import type { Inputs } from './contestants.js';
import type { Shape } from './shapes.js';

export type FloatType = 'float32' | 'float16' | 'bfloat16';

/** Seeded normal values in [1, H, L, D]. */
export function makeInputs(shape: Shape, dtype: FloatType): Inputs {
  const dims = [1, shape.heads, shape.length, shape.headDim];
  const tensor = (name: string) => {
    const values = normal(
      dims.reduce((product, dim) => product * dim, 1),
      seedrandom(name),
    );
    return { data: encode(values, dtype), shape: dims, dtype };
  };
  return { shape, q: tensor('q'), k: tensor('k'), v: tensor('v'), dOut: tensor('dOut') };
}

function encode(values: Float32Array, dtype: FloatType): Float32Array | Uint16Array {
  if (dtype === 'float32') return values;
  if (dtype === 'float16') return new Uint16Array(new Float16Array(values).buffer);
  // Truncation is enough for random inputs: they only have to be bfloat16 numbers.
  return Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
}

/** Box-Muller, two values a turn. */
function normal(count: number, random: () => number): Float32Array {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}

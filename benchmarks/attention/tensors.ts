import type { Tensor } from '@fa-metal/core';
import { Float16Array } from '@petamoriken/float16';
import seedrandom from 'seedrandom';
import type { FloatType } from '../report/schema.js';

/**
 * A tensor of seeded normal values: the same numbers in every process.
 *
 * Values come from a pool of a million whose size is prime to every width in use, so that sixteen thousand rows do not
 * take longer to make than to attend to.
 */
export function normalTensor(name: string, shape: readonly number[], dtype: FloatType): Tensor {
  const count = size(shape);
  const source = pool();
  const data = new Float32Array(count);
  let from = Math.floor(seedrandom(name)() * source.length);
  for (let to = 0; to < count; ) {
    const part = source.subarray(from, from + count - to);
    data.set(part, to);
    to += part.length;
    from = 0;
  }
  return { data: encode(data, dtype), shape, dtype };
}

/** The tensor times a factor. */
export function scaled({ data, shape, dtype }: Tensor, factor: number): Tensor {
  const values = decode(data as Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>, dtype as FloatType);
  return {
    data: encode(
      values.map((value) => factor * value),
      dtype as FloatType,
    ),
    shape,
    dtype,
  };
}

/** int8 values of about a normal distribution, each row with a scale of its own in float32 `[...rows]`. */
export function quantisedTensor(name: string, shape: readonly number[]): { values: Tensor; scale: Tensor } {
  const { data } = normalTensor(name, shape, 'float32');
  const values = Int8Array.from(data as Float32Array, (value) => Math.max(-127, Math.min(127, Math.round(value * 32))));
  const rows = shape.slice(0, -1);
  const scales = Float32Array.from({ length: size(rows) }, (_, row) => (1 + (row % 5) / 8) / 32);
  return { values: { data: values, shape, dtype: 'int8' }, scale: { data: scales, shape: rows, dtype: 'float32' } };
}

/** A bool tensor in which one value of eight, seeded, is false; the last axis keeps its first value. */
export function maskTensor(name: string, shape: readonly number[]): Tensor {
  const random = seedrandom(name);
  const period = Uint8Array.from({ length: 8191 }, () => (random() < 7 / 8 ? 1 : 0));
  const data = new Uint8Array(size(shape));
  for (let to = 0; to < data.length; to += period.length) data.set(period.subarray(0, data.length - to), to);
  const width = shape.at(-1) as number;
  for (let row = 0; row < data.length; row += width) data[row] = 1;
  return { data, shape, dtype: 'bool' };
}

/** int32 tensor of these values. */
export function integers(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { data: Int32Array.from(values), shape, dtype: 'int32' };
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

let normals: Float32Array | undefined;

/** Box-Muller, two values a turn. */
function pool(): Float32Array {
  if (normals) return normals;
  normals = new Float32Array(1_000_003);
  const random = seedrandom('normal values');
  for (let index = 0; index < normals.length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    normals[index] = radius * Math.cos(angle);
    if (index + 1 < normals.length) normals[index + 1] = radius * Math.sin(angle);
  }
  return normals;
}

function encode(values: Float32Array<ArrayBuffer>, dtype: FloatType): Float32Array | Uint16Array {
  if (dtype === 'float32') return values;
  if (dtype === 'float16') return new Uint16Array(new Float16Array(values).buffer);
  // Truncation is enough for random inputs: they only have to be bfloat16 numbers.
  return Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
}

/** cos and sin of rotary positions, [positions, width / 2] each. */
export function rotations(positions: number, width: number): { cos: Tensor; sin: Tensor } {
  const half = width / 2;
  const table = (f: (angle: number) => number): Tensor => ({
    data: Float32Array.from({ length: positions * half }, (_, index) =>
      f(Math.floor(index / half) * 10000 ** -((index % half) / half)),
    ),
    shape: [positions, half],
    dtype: 'float32',
  });
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

function decode(
  data: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>,
  dtype: FloatType,
): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return data;
  if (dtype === 'float16') return Float32Array.from(new Float16Array(data.buffer));
  return new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer);
}

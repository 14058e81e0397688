import { Float16Array } from '@petamoriken/float16';
import type { Variant } from './variants.js';

/** Bytes of `count` numbers around zero, the same for the same seed. */
export function randomElements(dtype: Variant['dtype'], count: number, seed: number): Uint8Array {
  const next = numbers(seed);
  return elements(
    dtype,
    Float32Array.from({ length: count }, () => next() - 0.5),
  );
}

export const repeated = (value: number, count: number): Uint8Array =>
  new Uint8Array(new Float32Array(count).fill(value).buffer);

function elements(dtype: Variant['dtype'], values: Float32Array): Uint8Array {
  if (dtype === 'float32') return new Uint8Array(values.buffer);
  if (dtype === 'float16') return new Uint8Array(new Float16Array(values).buffer);
  return new Uint8Array(new Uint16Array(new Uint32Array(values.buffer).map((bits) => bits >>> 16)).buffer);
}

/** Mulberry32: numbers in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

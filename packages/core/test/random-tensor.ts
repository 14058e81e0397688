import { roundTo, toBfloat16, toFloat16 } from '@fa-metal/reference';
import type { Tensor } from '../src/index.js';

type FloatDType = 'float32' | 'float16' | 'bfloat16';

/** A tensor of values in [-1, 1) that the seed determines. */
export function randomTensor(seed: number, shape: readonly number[], dtype: FloatDType = 'float32'): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  let state = seed;
  const values = Float32Array.from({ length }, () => {
    // A linear congruential generator: plenty for data without structure.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return roundTo(dtype, state / 2 ** 31 - 1);
  });
  return { data: encoders[dtype](values), shape, dtype };
}

const encoders = {
  float32: (values: Float32Array) => values,
  float16: toFloat16,
  bfloat16: toBfloat16,
};

import { philox4x32, type Tensor } from '../src/index.js';

/** Numbers spread evenly over (-1, 1), always the same for a seed. */
export function randomTensor(seed: number, shape: readonly number[]): Tensor<Float64Array> {
  const data = new Float64Array(shape.reduce((product, size) => product * size, 1));
  for (let index = 0; index < data.length; index++) {
    data[index] = (philox4x32([index, 0, 0, 0], [seed, 0])[0]! + 0.5) / 2 ** 31 - 1;
  }
  return { data, shape };
}

export function int32Tensor(...values: number[]): Tensor<Int32Array> {
  return { data: Int32Array.from(values), shape: [values.length] };
}

import type { Tensor } from './types.js';

/** Row-major strides of a shape. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

export function stridesOf(tensor: Tensor): readonly number[] {
  return tensor.strides ?? rowMajorStrides(tensor.shape);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor<Float64Array> {
  return { data: new Float64Array(elementCount(shape)), shape };
}

/** @throws RangeError for another number of axes */
export function requireRank(argument: string, tensor: Tensor, rank: number): void {
  if (tensor.shape.length !== rank)
    throw new RangeError(`${argument}: expected rank ${rank}, got [${tensor.shape.join(', ')}]`);
}

/** @throws RangeError when the shape is not one of `allowed`, or the data ends before the shape does */
export function requireShape(argument: string, tensor: Tensor, ...allowed: (readonly number[])[]): void {
  const { shape, data } = tensor;
  if (!allowed.some((other) => other.length === shape.length && other.every((size, axis) => size === shape[axis]))) {
    const expected = allowed.map((other) => `[${other.join(', ')}]`).join(' or ');
    throw new RangeError(`${argument}: expected shape ${expected}, got [${shape.join(', ')}]`);
  }
  const strides = stridesOf(tensor);
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, 0);
  if (!shape.includes(0) && last >= data.length) {
    throw new RangeError(`${argument}: expected at least ${last + 1} elements, got ${data.length}`);
  }
}

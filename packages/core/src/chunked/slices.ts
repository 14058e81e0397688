import { rowMajorStrides } from '../tensor.js';
import type { Tensor } from '../types.js';

type Elements = Float32Array | Uint16Array | Int32Array | Int8Array | Uint8Array;

/** Entries [from, from + count) along an axis, over the same memory. The tensor has been read by `readTensor`. */
export function sliceAxis(tensor: Tensor, axis: number, from: number, count: number): Tensor {
  const strides = tensor.strides ?? rowMajorStrides(tensor.shape);
  const shape = tensor.shape.map((size, index) => (index === axis ? count : size));
  const data = (tensor.data as Elements).subarray(from * (strides[axis] ?? 0));
  return { data, shape, dtype: tensor.dtype, strides };
}

/** The part of one batch entry; a tensor that is the same for all of them is that part itself. */
export function sliceBatch<T extends Tensor | undefined>(tensor: T, batch: number): T {
  if (tensor === undefined || tensor.shape[0] === 1) return tensor;
  return sliceAxis(tensor, 0, batch, 1) as T;
}

/** A tensor of three axes or fewer, without strides: what indices and scales of the op have to be. */
export function denseCopy(tensor: Tensor): Tensor {
  const { shape, dtype } = tensor;
  const [first, second, third] = [...new Array<number>(3 - shape.length).fill(1), ...shape] as [number, number, number];
  const steps = [0, 0, 0, ...(tensor.strides ?? rowMajorStrides(shape))].slice(-3) as [number, number, number];
  const source = tensor.data as Elements;
  const data = new (source.constructor as new (length: number) => Elements)(first * second * third);
  let index = 0;
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let c = 0; c < third; c++) data[index++] = source[a * steps[0] + b * steps[1] + c * steps[2]] as number;
    }
  }
  return { data, shape: [...shape], dtype };
}

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

/** A row-major copy of a tensor of four axes or fewer. */
export function denseCopy(tensor: Tensor): Tensor {
  const { shape, dtype } = tensor;
  const lacking = new Array<number>(4 - shape.length).fill(1);
  const [first, second, third, fourth] = [...lacking, ...shape] as [number, number, number, number];
  const strides = [...lacking, ...(tensor.strides ?? rowMajorStrides(shape))] as [number, number, number, number];
  const source = tensor.data as Elements;
  const data = new (source.constructor as new (length: number) => Elements)(first * second * third * fourth);
  let index = 0;
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let c = 0; c < third; c++) {
        const start = a * strides[0] + b * strides[1] + c * strides[2];
        for (let d = 0; d < fourth; d++) data[index++] = source[start + d * strides[3]] as number;
      }
    }
  }
  return { data, shape: [...shape], dtype };
}

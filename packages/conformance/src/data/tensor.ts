import type { Tensor } from '../types.js';
import { numberFormats } from './number-formats.js';

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Elements from the first to just past the last. */
export function requiredElements(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 0);
}

/** Index in `data` of every element, in row-major order. */
export function elementOffsets({
  shape,
  strides = rowMajorStrides(shape),
}: Pick<Tensor, 'shape' | 'strides'>): Int32Array {
  let offsets = new Int32Array(1);
  shape.forEach((size, axis) => {
    const next = new Int32Array(offsets.length * size);
    offsets.forEach((offset, outer) => {
      for (let i = 0; i < size; i++) next[outer * size + i] = offset + i * strides[axis]!;
    });
    offsets = next;
  });
  return offsets;
}

/**
 * The tensor's values, row-major, as plain numbers.
 * @throws RangeError when the data ends before the shape does
 */
export function readValues(tensor: Tensor): Float64Array {
  const { shape, dtype, data } = tensor;
  const { bytes, view, decode } = numberFormats[dtype];
  const needed = requiredElements(shape, tensor.strides ?? rowMajorStrides(shape));
  if (data.byteLength < needed * bytes) {
    throw new RangeError(`expected ${needed * bytes} bytes for ${dtype} [${shape.join(', ')}], got ${data.byteLength}`);
  }
  const stored =
    data.byteOffset % bytes === 0
      ? view(data.buffer, data.byteOffset, needed)
      : view(data.buffer.slice(data.byteOffset, data.byteOffset + needed * bytes), 0, needed);
  const values = decode(stored);
  return tensor.strides === undefined ? values : Float64Array.from(elementOffsets(tensor), (offset) => values[offset]!);
}

/** The tensor's elements, row-major, as the bytes of their dtype. */
export function packedBytes(tensor: Tensor): Uint8Array {
  const { bytes } = numberFormats[tensor.dtype];
  const source = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const offsets = elementOffsets(tensor);
  const packed = new Uint8Array(offsets.length * bytes);
  offsets.forEach((offset, index) => packed.set(source.subarray(offset * bytes, (offset + 1) * bytes), index * bytes));
  return packed;
}

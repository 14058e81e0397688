import { elementCount } from './tensor.js';
import type { Tensor } from './types.js';

/** A [1|B, 1|Hq, 1|Lq, Lk] tensor read row by row; the values of a row lie side by side. */
export interface Broadcast {
  readonly data: Tensor['data'];
  readonly shape: readonly number[];
  /** Index of key 0 for one query row. */
  row(batch: number, head: number, query: number): number;
}

/** @throws RangeError when the shape does not broadcast to [batch, heads, queries, keys] */
export function broadcast(argument: string, tensor: Tensor, full: readonly number[]): Broadcast {
  const { data, shape, strides } = tensor;
  const fits = shape.length === 4 && shape.every((size, axis) => size === full[axis] || (size === 1 && axis < 3));
  if (!fits || strides || data.length < elementCount(shape)) {
    const [batch, heads, queries, keys] = full;
    throw new RangeError(
      `${argument}: expected row-major [1|${batch}, 1|${heads}, 1|${queries}, ${keys}], got [${shape.join(', ')}] with ${data.length} elements`,
    );
  }
  const [batches, heads, queries, keys] = shape as [number, number, number, number];
  const queryStride = queries === 1 ? 0 : keys;
  const headStride = heads === 1 ? 0 : queries * keys;
  const batchStride = batches === 1 ? 0 : heads * queries * keys;
  return {
    data,
    shape,
    row: (batch, head, query) => batch * batchStride + head * headStride + query * queryStride,
  };
}

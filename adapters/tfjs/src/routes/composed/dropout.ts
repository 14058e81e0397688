import { dropoutMask } from '@fa-metal/core';
import type { Tensor, TensorFlow } from '../../tensorflow.js';
import type { Problem } from './problem.js';

/** keep / (1 - rate) of every pair, [B, Hq, Lq, Lk]: the kernels' own pattern. Undefined where nothing is dropped. */
export function keepFactors(tf: TensorFlow, { dropout, B, Hq, Lq, Lk }: Problem): Tensor | undefined {
  if (!dropout) return undefined;
  const { data, shape } = dropoutMask({ ...dropout, shape: [B, Hq, Lq, Lk] });
  const keep = tf.tensor(data as Uint8Array, [...shape], 'bool');
  return keep.cast('float32').mul(1 / (1 - dropout.rate));
}

import type { CallAttributes } from '../call.js';
import type { Tensor, TensorFlow, TensorInfo } from '../tensorflow.js';
import { composedBackward } from './composed/backward.js';
import { composedForward } from './composed/forward.js';
import type { Route } from './route.js';

/** Attention in tfjs's own ops, for every backend: the same numbers, but memory that grows with Lq * Lk. */
export function openComposed(tf: TensorFlow): Route {
  const tensorsOf = (infos: readonly TensorInfo[]) => infos as readonly Tensor[];
  const tidied = (body: () => Tensor[]): TensorInfo[] => tf.tidy(body);
  return {
    name: 'composed',
    gradients: ['bias', 'alibiSlopes', 'sinks'],
    forward: (tensors, call: CallAttributes) => tidied(() => composedForward(tf, tensorsOf(tensors), call)),
    backward: (tensors, call: CallAttributes) => tidied(() => composedBackward(tf, tensorsOf(tensors), call)),
  };
}

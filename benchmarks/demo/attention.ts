import { attention as fusedAttention } from '@fa-metal/tfjs';
import type { TensorFlow } from './tensorflow.js';

type Tensor = import('@tensorflow/tfjs-node').Tensor;
type Tensor4D = import('@tensorflow/tfjs-node').Tensor4D;

/** q, k, v [B, L, H, D] -> [B, L, H, D], causal. */
export type AttentionKernel = (q: Tensor4D, k: Tensor4D, v: Tensor4D) => Tensor;

/** Attention as tfjs code writes it today: every product and the L x L probabilities are tensors of their own. */
export function stockAttention(tf: TensorFlow): AttentionKernel {
  return (q, k, v) => {
    const [, length, , headDim] = q.shape;
    const heads = (x: Tensor4D) => x.transpose([0, 2, 1, 3]);
    const future = tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)).mul(-1e9);
    const scores = tf
      .matMul(heads(q), heads(k), false, true)
      .mul(1 / Math.sqrt(headDim))
      .add(future);
    return tf.matMul(tf.softmax(scores), heads(v)).transpose([0, 2, 1, 3]);
  };
}

/** The same in one op, forward and backward, reading [B, L, H, D] in place. */
export function fusedAttentionKernel(): AttentionKernel {
  return (q, k, v) => fusedAttention(q, k, v, { layout: 'blhd', causal: 'topLeft' });
}

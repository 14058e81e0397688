import { readCall } from './call.js';
import { likelyGradients } from './expected-gradients.js';
import { runKernel } from './kernels.js';
import type { AttentionOptions } from './options.js';
import { prepared } from './register.js';
import type { Tensor, Tensor3D, Tensor4D } from './tensorflow.js';

/** Rows of the rank of q: packed sequences have no axis of batches. */
export type RowsLike<Q extends Tensor> = [Q] extends [Tensor3D] ? Tensor3D : Tensor4D;

/**
 * Fused attention on the tfjs that was registered.
 *
 * Differentiable with respect to q, k, v, bias, alibiSlopes and sinks. Dropout draws from its seed alone: hand over a new
 * seed in every step of a training.
 *
 * @param q float32 [B, Hq, Lq, D]; [B, Lq, Hq, D] with layout `blhd`, and so for k, v and the result; [Tq, Hq, D] packed
 * @param k float32 [B, Hkv, Lk, D], Hq a multiple of Hkv; [Tk, Hkv, D] packed; a pool [pages, pageSize, Hkv, D]
 * @param v as k, with width Dv
 * @returns float32 [B, Hq, Lq, Dv], packed [Tq, Hq, Dv]
 * @throws FaMetalError
 */
export function attention<Q extends Tensor>(q: Q, k: Tensor, v: Tensor, options?: AttentionOptions): RowsLike<Q> {
  const [out, ...others] = run(q, k, v, options);
  for (const tensor of others) tensor.dispose();
  return out;
}

/**
 * As `attention`, with the logarithm of the softmax denominator; both are differentiable.
 *
 * @returns out, and lse float32 [B, Hq, Lq] (packed [Hq, Tq]), natural logarithm, -Infinity for a row that sees no key
 * @throws FaMetalError
 */
export function attentionWithLse<Q extends Tensor>(
  q: Q,
  k: Tensor,
  v: Tensor,
  options?: AttentionOptions,
): { out: RowsLike<Q>; lse: Tensor } {
  const [out, lse, stats] = run(q, k, v, options);
  stats.dispose();
  return { out, lse };
}

function run<Q extends Tensor>(
  q: Q,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions | undefined,
): [RowsLike<Q>, Tensor, Tensor] {
  const { tf, names } = prepared();
  const call = readCall(q, k, v, options);
  const gradients = likelyGradients(tf, call);
  return runKernel(tf, names.forward, call.tensors, { ...call, gradients }) as [RowsLike<Q>, Tensor, Tensor];
}

import { readCall } from './call.js';
import { likelyGradients } from './expected-gradients.js';
import { runKernel } from './kernels.js';
import type { AttentionOptions } from './options.js';
import { prepared } from './register.js';
import type { Tensor, Tensor4D } from './tensorflow.js';

/**
 * Fused attention on the tfjs that was registered.
 *
 * Differentiable with respect to q, k and v; on the composed route also bias, alibiSlopes and sinks. A gradient that a
 * route does not compute raises `UNSUPPORTED_GRADIENT` when it is asked for.
 *
 * @param q float32 [B, Hq, Lq, D]; [B, Lq, Hq, D] with layout `blhd`, and so for k, v and the result
 * @param k float32 [B, Hkv, Lk, D], Hq a multiple of Hkv
 * @param v float32 [B, Hkv, Lk, Dv]
 * @returns float32 [B, Hq, Lq, Dv]
 * @throws FaMetalError
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): Tensor4D {
  const [out, ...others] = run(q, k, v, options);
  for (const tensor of others) tensor.dispose();
  return out;
}

/**
 * As `attention`, with the logarithm of the softmax denominator; both are differentiable.
 *
 * @returns out, and lse float32 [B, Hq, Lq], natural logarithm, -Infinity for a row that sees no key
 * @throws FaMetalError
 */
export function attentionWithLse(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options?: AttentionOptions,
): { out: Tensor4D; lse: Tensor } {
  const [out, lse, stats] = run(q, k, v, options);
  stats.dispose();
  return { out, lse };
}

function run(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions | undefined): [Tensor4D, Tensor, Tensor] {
  const { tf, names } = prepared();
  const call = readCall(q, k, v, options);
  const gradients = likelyGradients(tf, call);
  return runKernel(tf, names.forward, call.tensors, { ...call, gradients }) as [Tensor4D, Tensor, Tensor];
}

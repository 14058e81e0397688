import { float32 } from './arithmetic.js';
import { backward } from './backward.js';
import { forward } from './forward.js';
import { type FloatDType, roundAll, roundTo } from './rounding.js';
import type { AttentionGradients, AttentionResult, OutputGradients, Problem, Tensor } from './types.js';

/**
 * A plain unfused implementation with float32 sums, whose error is the yardstick of the accuracy rule.
 * Every operation rounds to float32; `out` is rounded to `dtype`, lse stays float32.
 *
 * @param problem inputs that are already rounded to `dtype`
 */
export function naiveAttention(problem: Problem, dtype: FloatDType): AttentionResult {
  const { out, lse } = forward(problem, float32);
  return { out: rounded(dtype, out), lse };
}

/**
 * The gradients of the same: dq, dk and dv in `dtype`, the others float32.
 * Like any backward pass it is given `out` in `dtype`, and delta inherits that rounding.
 */
export function naiveAttentionBackward(
  problem: Problem,
  outputGradients: OutputGradients,
  dtype: FloatDType,
): AttentionGradients {
  const gradients = backward(problem, outputGradients, { ...float32, store: (value) => roundTo(dtype, value) });
  const { dq, dk, dv } = gradients;
  return { ...gradients, dq: rounded(dtype, dq), dk: rounded(dtype, dk), dv: rounded(dtype, dv) };
}

function rounded(dtype: FloatDType, { data, shape }: Tensor): Tensor<Float64Array> {
  return { data: roundAll(dtype, data), shape };
}

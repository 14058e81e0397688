import { float64 } from './arithmetic.js';
import { backward } from './backward.js';
import { forward } from './forward.js';
import type { AttentionGradients, AttentionResult, OutputGradients, Problem } from './types.js';

/**
 * Attention in float64, as the contract words it.
 *
 * @throws RangeError for shapes and options that make no problem; naming the argument
 */
export function attention(problem: Problem): AttentionResult {
  return forward(problem, float64);
}

/**
 * Gradients of `sum(out * dOut) + sum(lse * dLse)` in float64, by the contract's formulas.
 *
 * @throws RangeError as `attention`, and for paged or int8 keys and values, which have no gradients
 */
export function attentionBackward(problem: Problem, outputGradients: OutputGradients): AttentionGradients {
  return backward(problem, outputGradients, float64);
}

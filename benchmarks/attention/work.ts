import type { Direction, FloatType, Problem } from '../report/schema.js';

/**
 * Floating-point operations of the exact result: two products forward and five more backward, of 2 · D each for a
 * visible pair of query and key. A causal problem counts half, whatever a kernel really computes.
 */
export function operations(problem: Problem, direction: Direction): number {
  const products = { forward: 2, backward: 5, 'forward+backward': 7 }[direction];
  return products * 2 * visiblePairs(problem) * problem.headDim;
}

/** Pairs that causality, a window and packing leave. A mask or a bias takes none away. */
function visiblePairs({ batch, heads, queries, keys, causal, options = {} }: Problem): number {
  const { window, lengths } = options;
  const share = causal && queries > 1 ? 0.5 : 1;
  if (lengths) return heads * lengths.reduce((sum, length) => sum + length * length, 0) * share;
  if (window === undefined || window >= keys) return batch * heads * queries * keys * share;
  return batch * heads * windowPairs(queries, keys, window, causal ? 0 : window);
}

function windowPairs(queries: number, keys: number, left: number, right: number): number {
  let pairs = 0;
  for (let row = 0; row < queries; row++) {
    const diagonal = row + keys - queries;
    pairs += Math.max(0, Math.min(keys - 1, diagonal + right) - Math.max(0, diagonal - left) + 1);
  }
  return pairs;
}

const bytesOf: Readonly<Record<FloatType, number>> = { float32: 4, float16: 2, bfloat16: 2 };

/** Bytes that a pass reads and writes at least: each tensor once forward; q, k, v, out, dOut and three gradients backward. */
export function leastBytes(problem: Problem, direction: Direction): number {
  const { batch, heads, kvHeads = heads, queries, keys, headDim, dtype, options = {} } = problem;
  const ofQueries = batch * heads * queries * headDim * bytesOf[dtype];
  const ofKeys = batch * kvHeads * keys * (options.int8 ? headDim + 4 : headDim * bytesOf[dtype]);
  const forward = 2 * ofQueries + 2 * ofKeys;
  const backward = 4 * ofQueries + 4 * ofKeys;
  return { forward, backward, 'forward+backward': forward + backward }[direction];
}

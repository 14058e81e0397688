import type { DType } from '../types.js';
import { largest, quantumOf } from './compare.js';

/** What the accuracy rule of the contract looks at for one result. */
export interface AccuracyRule {
  dtype: DType;
  /** Truth in float64. */
  reference: ArrayLike<number>;
  /** Largest error of the same, computed plainly in the result's dtype with float32 sums. */
  naiveError: number;
  /** 2 for out and lse, 3 for gradients. */
  factor: 2 | 3;
  /** Largest |lse| when the gradient was computed from lse alone, whose rounding it then inherits; else 0. */
  largestLse?: number;
  /** What may be lost where weights too small to matter count as 0; see `negligible`. Default 0. */
  lost?: number;
}

/** Below this a float32 may come out as zero: hosts and GPUs switch denormals off. */
const smallestNormal: Partial<Record<DType, number>> = { float32: 2 ** -126, bfloat16: 2 ** -126 };

/** `max|x - ref| <= factor * max|naive - ref| + quantum`. */
export function accuracyBound({
  dtype,
  reference,
  naiveError,
  factor,
  largestLse = 0,
  lost = 0,
}: AccuracyRule): number {
  const quantum = Math.max(quantumOf(reference, dtype), smallestNormal[dtype] ?? 0);
  return factor * naiveError + quantum + largestLse * 2 ** -23 * largest(reference) + lost;
}

/** Largest difference over the elements where both are finite. */
export function largestError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length)
    throw new Error(`expected ${reference.length} elements, got ${values.length}`);
  let found = 0;
  for (let i = 0; i < reference.length; i++) {
    const error = Math.abs(values[i]! - reference[i]!);
    if (error > found && error < Infinity) found = error;
  }
  return found;
}

/** A key whose weight is below this share of its row's largest may count as weight 0. */
export const negligible = 2 ** -100;

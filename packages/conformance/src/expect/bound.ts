import type { DType } from '../types.js';
import { largest, quantumOf } from './compare.js';

/** What the accuracy rule of the contract looks at for one result. */
export interface AccuracyRule {
  dtype: DType;
  /** Truth in float64. */
  reference: ArrayLike<number>;
  /** The same, computed plainly in the result's dtype with float32 sums. */
  naive: ArrayLike<number>;
  /** 2 for out and lse, 3 for gradients. */
  factor: 2 | 3;
  /** Largest |lse| when the gradient was computed from lse alone, whose rounding it then inherits; else 0. */
  largestLse?: number;
}

/** Below this a float32 may come out as zero: hosts and GPUs switch denormals off. */
const smallestNormal: Partial<Record<DType, number>> = { float32: 2 ** -126, bfloat16: 2 ** -126 };

/** `max|x - ref| <= factor * max|naive - ref| + quantum`, over the elements where both are finite. */
export function accuracyBound({ dtype, reference, naive, factor, largestLse = 0 }: AccuracyRule): number {
  if (naive.length !== reference.length) throw new Error(`naive: expected ${reference.length} elements, got ${naive.length}`);
  let error = 0;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(naive[i]! - reference[i]!);
    if (difference > error && difference < Infinity) error = difference;
  }
  const quantum = Math.max(quantumOf(reference, dtype), smallestNormal[dtype] ?? 0);
  return factor * error + quantum + largestLse * 2 ** -23 * largest(reference);
}

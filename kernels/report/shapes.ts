import type { Shape } from './dispatch.js';
import type { Variant } from './variants.js';

const few = new Set(['decode', 'decodeReduce', 'shortDkv', 'shortDq']);

/** A small call of the kind that the kernel is for: what it does per unit of work hardly depends on the lengths. */
export function usualShape({ kernel, rows, width }: Variant): Shape {
  const length = width > 128 ? 128 : 256;
  const square = { batch: 1, queryHeads: 1, kvHeads: 1, queryLength: length, keyLength: length };
  if (!few.has(kernel)) return { ...square, causal: false, splits: 1 };
  const grouped = { batch: 1, queryHeads: 8, kvHeads: 1, queryLength: Math.max(1, rows / 8), keyLength: 1024 };
  return { ...grouped, causal: true, splits: 4 };
}

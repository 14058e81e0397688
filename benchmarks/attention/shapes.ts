/** One problem to time: B = 1, self-attention. */
export interface Shape {
  readonly heads: number;
  readonly length: number;
  readonly headDim: number;
  readonly causal: boolean;
}

export type Direction = 'forward' | 'forward+backward';

/**
 * Floating-point operations of the exact result: two products forward, five more backward, of 2 · L · L · D each.
 * A causal problem counts half, whatever the kernel really computes.
 */
export function operations({ heads, length, headDim, causal }: Shape, direction: Direction): number {
  const forward = 4 * heads * length * length * headDim * (causal ? 0.5 : 1);
  return direction === 'forward' ? forward : 3.5 * forward;
}

export function nameOf({ heads, length, headDim, causal }: Shape): string {
  return `B1 H${heads} L${length} D${headDim} ${causal ? 'causal' : 'dense'}`;
}

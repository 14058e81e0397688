import type { RunResult } from './messages.js';

/** How far two loss curves lie apart. */
export interface CurveDifference {
  /** Largest |a - b| / |a| over the first `steps` steps. */
  readonly early: number;
  readonly steps: number;
  /** |a - b| / |a| of the mean loss over the last tenth of the run. */
  readonly end: number;
}

/** Compares the losses of two runs over the same batches, step by step at first and by their level at the end. */
export function compareCurves(a: readonly number[], b: readonly number[], steps = 50): CurveDifference {
  if (a.length !== b.length || a.length === 0) {
    throw new RangeError(`expected two loss curves of one length, got ${a.length} and ${b.length} steps`);
  }
  const counted = Math.min(steps, a.length);
  let early = 0;
  for (let step = 0; step < counted; step++) {
    // A NaN must show as a difference, not vanish in a maximum.
    const difference = relative(a[step] as number, b[step] as number);
    early = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(early, difference);
  }
  const end = relative(tailMean(a), tailMean(b));
  return { early, steps: counted, end: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end };
}

/** Mean loss over the last tenth of a run, at least one step. */
export function tailMean(losses: readonly number[]): number {
  const tail = losses.slice(-Math.max(1, Math.floor(losses.length / 10)));
  return tail.reduce((sum, loss) => sum + loss, 0) / tail.length;
}

/** The limits that the demo holds stock and fused training to, and one backend to another: rounding, over all steps. */
export const agreement = { early: 1e-3, end: 0.02, backends: 1e-4 } as const;

/** The difference between the stock and the fused run, where both were made. */
export function stockAgainstFused(results: readonly RunResult[]): CurveDifference | undefined {
  const stock = results.find((result) => result.variant === 'stock-improved' || result.variant === 'stock');
  const fused = results.find((result) => result.variant === 'fused');
  return stock && fused ? compareCurves(stock.losses, fused.losses) : undefined;
}

/** The difference between the fused runs on the cpu backend and on the software Metal device, where both were made. */
export function cpuAgainstMetal(results: readonly RunResult[]): CurveDifference | undefined {
  const cpu = results.find((result) => result.variant === 'fused-cpu');
  const metal = results.find((result) => result.variant === 'fused');
  return cpu && metal ? compareCurves(cpu.losses, metal.losses) : undefined;
}

function relative(a: number, b: number): number {
  return Math.abs(a - b) / Math.abs(a);
}

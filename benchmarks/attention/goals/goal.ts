import type { Direction, SuiteName } from '../../report/schema.js';

/** A figure that the project has set itself to reach, and where a run has it. */
export type Goal = TrialGoal | GrowthGoal | MemoryGoal;

interface Bound {
  /** One of the two. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Only with the largest number of threads of a run. Default: with each. */
  readonly mostThreads?: boolean;
}

/** A figure of an entry of a trial. */
export interface TrialGoal extends Bound {
  readonly kind: 'trial';
  readonly suite: SuiteName;
  readonly trial: string;
  readonly direction: Direction;
  readonly entry: string;
  /** As in the results: share of the product, share of the read bandwidth, time over the first entry's. */
  readonly figure: 'share' | 'readShare' | 'ratio';
  /** Of a ratio: what the first entry is, in a word. Default: ours. */
  readonly over?: string;
}

/** The exponent of time over the length, or of memory. */
export interface GrowthGoal extends Bound {
  readonly kind: 'growth';
  readonly of: 'time' | 'memory';
  readonly direction: Direction;
}

/** Peak memory of one contestant over that of another, of a causal call. */
export interface MemoryGoal extends Bound {
  readonly kind: 'memory';
  readonly of: string;
  readonly over: string;
  readonly length: number;
  readonly direction: Direction;
}

/** `share of the product: B1 H8 L1024 D64 dense, forward`. */
export function describeGoal(goal: Goal): string {
  if (goal.kind === 'growth') return `exponent of ${goal.of} over the length, ${goal.direction}`;
  if (goal.kind === 'memory') return `memory of ${goal.of} over ${goal.over}'s, L${goal.length}, ${goal.direction}`;
  const { suite, trial, direction, entry, figure, over = 'ours' } = goal;
  const what = {
    share: suite === 'avx2' ? 'share of the AVX2 product' : 'share of the product',
    readShare: 'share of the read bandwidth',
    ratio: `time, ${entry} / ${over}`,
  }[figure];
  return `${what}: ${trial}, ${direction}`;
}

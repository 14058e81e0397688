import type { Direction, Entry, Run, SuiteName } from './schema.js';

/** One contestant's figures in one trial, flat, as plots and tables want them. */
export interface Row {
  readonly suite: SuiteName;
  readonly trial: string;
  readonly direction: Direction;
  readonly threads: number;
  readonly contestant: string;
  readonly ours: boolean;
  /** Lk. */
  readonly length: number;
  readonly mask: 'dense' | 'causal';
  readonly milliseconds: number;
  readonly lower: number;
  readonly upper: number;
  /** Of the product's rate, in percent. */
  readonly share?: number;
  /** Of the read rate, in percent. */
  readonly readShare?: number;
  /** Time over the reference's. */
  readonly ratio: number;
  readonly entry: Entry;
}

/** All figures of some suites with one number of threads. */
export function rowsOf(run: Run, threads: number, ...suites: readonly SuiteName[]): Row[] {
  return run.measurements
    .filter((measurement) => measurement.threads === threads && suites.includes(measurement.suite))
    .flatMap(({ suite, name, direction, entries }) =>
      entries.map((entry) => ({ suite, trial: name, direction, threads, ...flat(entry) })),
    );
}

function flat(entry: Entry) {
  const { seconds, problem } = entry;
  return {
    contestant: entry.name,
    ours: isOurs(entry),
    length: problem.keys,
    mask: problem.causal ? ('causal' as const) : ('dense' as const),
    milliseconds: 1e3 * seconds.median,
    lower: 1e3 * seconds.lower,
    upper: 1e3 * seconds.upper,
    ...(entry.share && { share: 100 * entry.share.median }),
    ...(entry.readShare && { readShare: 100 * entry.readShare.median }),
    ratio: entry.ratio.median,
    entry,
  };
}

export function isOurs({ who }: Pick<Entry, 'who'>): boolean {
  return who.startsWith('fa-metal');
}

/** Thread counts of a run, most threads first. */
export function threadsOf({ measurements }: Run): number[] {
  return [...new Set(measurements.map(({ threads }) => threads))].sort((a, b) => b - a);
}

/** `forward+backward` in words. */
export const directionNames: Readonly<Record<Direction, string>> = {
  forward: 'forward',
  backward: 'backward alone',
  'forward+backward': 'forward and backward',
};

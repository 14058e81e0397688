import type { Direction, Problem } from '../../report/schema.js';

/** What runs in a process of contestants. */
export interface Host {
  readonly versions: Readonly<Record<string, string>>;
  load(contestant: string, problem: Problem, parts: readonly Problem[]): Promise<Loaded>;
  /** What a process of the yardsticks times, by id. */
  readonly yardsticks?: Readonly<Record<string, () => void>>;
}

/** A problem made ready. */
export interface Loaded {
  /** One call, as its users make it; a promise only where the contestant has no other way. */
  run(direction: Direction): void | Promise<void>;
  /** The same once more, for its results: values in [B, H, L, D] by name, of the last part. */
  results(direction: Direction): Promise<Readonly<Record<string, ArrayLike<number>>>>;
  release(): void | Promise<void>;
}

/** Long runs are not repeated only to have two of them. */
const longEnough = 0.5;

/** Seconds of the fastest run; runs until `seconds` are over, at least twice unless one run is long. */
export async function timeFastest(run: () => void | Promise<void>, seconds: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let runs = 0; total < seconds || (runs < 2 && total < longEnough); runs++) {
    const begin = performance.now();
    const pending = run();
    if (pending) await pending;
    const elapsed = (performance.now() - begin) / 1000;
    best = Math.min(best, elapsed);
    total += elapsed;
  }
  return best;
}

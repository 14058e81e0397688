/** One thing to time. `run` does its work once; what it returns is dropped. */
export interface Contestant {
  readonly name: string;
  readonly operations: number;
  run(): void;
}

/** Rates of one contestant over all rounds, in operations a second, and as shares of the yardstick's rate in the same round. */
export interface Timing {
  readonly name: string;
  readonly gflops: Spread;
  readonly share: Spread;
}

/** Order statistics; with few rounds a quarter says more than an extreme. */
export interface Spread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Times contestants in turn, round after round, with the yardstick before and after each of them, so that a machine
 * whose speed drifts slows all of them alike. A share is taken inside its round; the median is over rounds.
 */
export function race(yardstick: Contestant, contestants: readonly Contestant[], rounds: number): Timing[] {
  const rates = contestants.map(() => [] as number[]);
  const shares = contestants.map(() => [] as number[]);
  for (const contestant of [yardstick, ...contestants]) contestant.run();

  for (let round = 0; round < rounds; round++) {
    let before = rate(yardstick, 0);
    for (const [index, contestant] of contestants.entries()) {
      const own = rate(contestant, minimumSeconds);
      const after = rate(yardstick, 0);
      rates[index]?.push(own);
      shares[index]?.push(own / Math.max(before, after));
      before = after;
    }
  }
  return contestants.map(({ name }, index) => ({
    name,
    gflops: spread((rates[index] ?? []).map((value) => value / 1e9)),
    share: spread(shares[index] ?? []),
  }));
}

/** Lower quartile, median and upper quartile. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('expected at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}

/** Long enough that the clock and one stray interrupt do not matter. */
const minimumSeconds = 0.1;

/** Best rate of single runs, repeated for at least `seconds` (three times at least). */
function rate({ run, operations }: Contestant, seconds: number): number {
  let best = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let repeat = 0; repeat < 3 || total < seconds; repeat++) {
    const begin = performance.now();
    run();
    const elapsed = (performance.now() - begin) / 1000;
    best = Math.min(best, elapsed);
    total += elapsed;
  }
  return operations / best;
}

/** One thing to time. */
export interface Contestant {
  readonly name: string;
  readonly operations: number;
  /** Does the work once; seconds. */
  time(): number | Promise<number>;
}

/** A contestant that works in this process; what `run` returns is dropped. */
export function local(name: string, operations: number, run: () => void): Contestant {
  const time = () => {
    const begin = performance.now();
    run();
    return (performance.now() - begin) / 1000;
  };
  return { name, operations, time };
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
export async function race(
  yardstick: Contestant,
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Timing[]> {
  const rates = contestants.map(() => [] as number[]);
  const shares = contestants.map(() => [] as number[]);
  for (const contestant of [yardstick, ...contestants]) await contestant.time();

  for (let round = 0; round < rounds; round++) {
    let before = await rate(yardstick, 0);
    for (const [index, contestant] of contestants.entries()) {
      const own = await rate(contestant, minimumSeconds);
      const after = await rate(yardstick, 0);
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
async function rate({ time, operations }: Contestant, seconds: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let repeat = 0; repeat < 3 || total < seconds; repeat++) {
    const elapsed = await time();
    best = Math.min(best, elapsed);
    total += elapsed;
  }
  return operations / best;
}

import type { Run, Spread } from '../report/schema.js';

/** Smallest, quartiles and median; with few rounds a quarter says more than an extreme. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('expected at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  return { min: at(0), lower: at(0.25), median: at(0.5), upper: at(0.75), rounds: sorted.length };
}

/** What two runs may differ by in a figure that is bold in both, as a share of the smaller. */
export const agreeWithin = 0.1;

/**
 * How far a median may stray by chance, as a share of itself. It strays by about the distance of the quartiles over the
 * root of the number of rounds, so two bold figures are further apart than `agreeWithin` less than once in a hundred times.
 */
const strayWithin = 0.025;

/** The rule of bold print, in words for tables and pages. */
export const steadyRule = `A figure is bold where, over the n rounds, its quartiles and those of the yardstick's rate are each at most ${100 * strayWithin} % * sqrt(n) of the median apart. Else the machine was too noisy for it.`;

/** Whether every one of these has its quartiles close together; of fewer than three rounds that says nothing. */
export function isSteady(...spreads: readonly Spread[]): boolean {
  return spreads.every(
    ({ lower, median, upper, rounds }) => rounds >= 3 && upper - lower <= strayWithin * Math.sqrt(rounds) * median,
  );
}

/** How much of a run was too noisy. */
export function noiseLine({ measurements }: Run): string {
  const figures = measurements.flatMap(({ entries }) => entries.flatMap(({ steady }) => Object.values(steady)));
  const noisy = figures.filter((bold) => !bold).length;
  return `The machine was too noisy for ${noisy} of ${figures.length} figures.`;
}

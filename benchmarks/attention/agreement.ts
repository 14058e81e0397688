import type { Entry, Run } from '../report/schema.js';
import { agreeWithin } from './noise.js';

/** A figure that is bold in both of two runs. */
export interface Compared {
  readonly figure: string;
  readonly first: number;
  readonly second: number;
  /** Of the smaller one: 0.1 = a tenth. */
  readonly difference: number;
}

export interface Agreement {
  /** Largest difference first. */
  readonly compared: readonly Compared[];
  /** Figures that both runs have, and at least one of them not in bold: the machine was too noisy for them. */
  readonly noisy: readonly string[];
}

/** What two runs of the same trials say of the same figures. */
export function compareRuns(first: Run, second: Run): Agreement {
  const [before, after] = [figuresOf(first), figuresOf(second)];
  const compared: Compared[] = [];
  const noisy: string[] = [];
  for (const [figure, one] of before) {
    const other = after.get(figure);
    if (!other) continue;
    if (!one.bold || !other.bold) noisy.push(figure);
    else {
      const [low, high] = [Math.min(one.value, other.value), Math.max(one.value, other.value)];
      compared.push({ figure, first: one.value, second: other.value, difference: high / low - 1 });
    }
  }
  return { compared: compared.sort((a, b) => b.difference - a.difference), noisy };
}

/** Whether two runs are as close as they have to be. */
export function agree({ compared }: Agreement): boolean {
  return compared.every(({ difference }) => difference <= agreeWithin);
}

/** In words, the figures that differ most first. */
export function printAgreement(agreement: Agreement, shown = 10): string {
  const { compared, noisy } = agreement;
  const lines = compared
    .slice(0, shown)
    .map(
      ({ figure, first, second, difference }) =>
        `  ${percent(difference)}  ${first.toFixed(3)}, then ${second.toFixed(3)}: ${figure}`,
    );
  const beyond = compared.filter(({ difference }) => difference > agreeWithin).length;
  return [
    `Two runs: ${compared.length} figures in bold, ${beyond} of them more than ${agreeWithin * 100} % apart. The furthest:`,
    ...lines,
    noisy.length === 0
      ? 'No figure was too noisy for bold print.'
      : `The machine was too noisy for ${noisy.length} figures, e.g. ${noisy[0]}.`,
  ].join('\n');
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(6);

interface Figure {
  readonly value: number;
  readonly bold: boolean;
}

function figuresOf(run: Run): Map<string, Figure> {
  const figures = run.measurements.flatMap(({ suite, name, direction, threads, entries }) =>
    entries.flatMap((entry, index) =>
      // The first entry's ratio is 1 by definition.
      figuresOfEntry(entry, index > 0).map(
        ([kind, figure]) => [`${suite}: ${name}, ${entry.name}, ${direction}, ${threads}T, ${kind}`, figure] as const,
      ),
    ),
  );
  return new Map(figures);
}

function figuresOfEntry(entry: Entry, compared: boolean): [string, Figure][] {
  const kinds = ['share', 'readShare', ...(compared ? (['ratio'] as const) : [])] as const;
  return kinds.flatMap((kind): [string, Figure][] => {
    const spread = entry[kind];
    return spread ? [[kind, { value: spread.median, bold: entry.steady[kind] ?? false }]] : [];
  });
}

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { mainShare } from './format.js';
import type { Entry, Machine, Measurement, Run, Spread } from './schema.js';
import { isOurs } from './series.js';

/** What is kept of a run: the shares that ours reached, as median and quartiles. */
export interface HistoryLine {
  readonly date: string;
  readonly commit: string;
  readonly changed: boolean;
  readonly quick: boolean;
  /** What the shares are shares of; other shares cannot be compared. */
  readonly product: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** Lower quartile, median, upper quartile. */
export type Figure = readonly [lower: number, median: number, upper: number];

export interface Change {
  readonly figure: string;
  readonly before: Figure;
  readonly now: Figure;
  /** Of the median: 0.1 = a tenth faster. */
  readonly change: number;
  /** A tenth at least, and the quartiles do not overlap. */
  readonly clear: boolean;
}

/** This run against an earlier one. */
export interface Comparison {
  readonly before: HistoryLine;
  /** Largest change first. */
  readonly changes: readonly Change[];
}

/** Short runs of this machine and backend are kept in one file, which is also its name on the page. */
export function machineName({ cpu, cores, backend, isa, device, software }: Machine): string {
  const parts = [cpu, `${cores} cores`, backend === 'cpu' ? isa : device, software ? 'software' : undefined];
  return parts
    .filter((part) => part !== undefined)
    .join(' ')
    .toLowerCase()
    .replace(/\((r|tm)\)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The line that a run leaves behind. */
export function historyLine(run: Run): HistoryLine {
  const { date, commit, changed, quick } = run;
  const figures = run.measurements.flatMap((measurement) =>
    measurement.entries.filter(isOurs).flatMap((entry) => {
      const share = mainShare(entry);
      return share ? [[figureName(measurement, entry), figureOf(share.value)] as const] : [];
    }),
  );
  return { date, commit, changed, quick, product: productOf(run), figures: Object.fromEntries(figures) };
}

/** Compares with the last earlier run that measured the same things in the same way; undefined when there is none. */
export function compareWithHistory(now: HistoryLine, earlier: readonly HistoryLine[]): Comparison | undefined {
  const before = earlier.findLast(
    (line) =>
      line.product === now.product &&
      line.quick === now.quick &&
      line.date < now.date &&
      Object.keys(line.figures).some((figure) => figure in now.figures),
  );
  if (!before) return undefined;
  const changes = Object.entries(now.figures).flatMap(([figure, value]) => {
    const old = before.figures[figure];
    return old ? [changeOf(figure, old, value)] : [];
  });
  return { before, changes: changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change)) };
}

/** All lines of a machine, oldest first. A line that cannot be read is a mistake worth stopping at. */
export function readHistory(folder: string, machine: Machine): HistoryLine[] {
  const file = fileOf(folder, machine);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as HistoryLine);
}

export function appendHistory(folder: string, machine: Machine, line: HistoryLine): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(fileOf(folder, machine), `${JSON.stringify(line)}\n`);
}

const fileOf = (folder: string, machine: Machine) => path.join(folder, `${machineName(machine)}.jsonl`);

function figureName({ suite, name, direction, threads }: Measurement, entry: Entry): string {
  const label = entry.name === 'fa-metal' ? '' : ` ${entry.name}`;
  return `${suite}: ${name}${label}, ${direction}, ${threads}T`;
}

/** Three digits: a line is to stay small. */
function figureOf({ lower, median, upper }: Spread): Figure {
  return [round(lower), round(median), round(upper)];
}

const round = (value: number) => Number(value.toPrecision(3));

function productOf({ limits }: Run): string {
  return [...new Set(limits.map(({ product }) => product))].join(', ');
}

function changeOf(figure: string, before: Figure, now: Figure): Change {
  const change = now[1] / before[1] - 1;
  const apart = now[0] > before[2] || now[2] < before[0];
  return { figure, before, now, change, clear: apart && Math.abs(change) >= 0.1 };
}

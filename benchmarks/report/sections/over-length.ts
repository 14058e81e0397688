import { growthPlot } from '../plots/growth.js';
import { sharePlot, timePlot } from '../plots/over-length.js';
import type { Direction, Run } from '../schema.js';
import { directionNames, type Row, rowsOf } from '../series.js';
import type { Section } from './section.js';

/** Time, share of the limit and growth over the length. */
export function lengthSections(run: Run, threads: number): Section[] {
  const rows = overLengths(run, threads);
  const directions = (['forward', 'forward+backward', 'backward'] as const).filter((direction) =>
    rows.some((row) => row.direction === direction),
  );
  const product = run.limits.find((limit) => limit.threads === threads)?.product ?? 'a large matrix product';
  return [
    ...directions.map((direction) => timeSection(rows, direction)),
    ...directions.map((direction) => shareSection(rows, direction, product)),
    ...growthSection(run, threads),
  ];
}

function timeSection(rows: readonly Row[], direction: Direction): Section {
  return {
    title: `Time: ${directionNames[direction]}`,
    text: '8 heads, D 64, float32. Logarithmic axes; lower is better.',
    plots: [timePlot(rows, direction)],
  };
}

function shareSection(rows: readonly Row[], direction: Direction, product: string): Section {
  return {
    title: `Share of the limit: ${directionNames[direction]}`,
    text: `Useful operations a second over those of ${product} in the same round. A causal call has half the operations, whether or not a peer makes use of that.`,
    plots: [sharePlot(rows, direction)],
  };
}

/** Ours and the peers, and ours alone where the lengths go on. */
function overLengths(run: Run, threads: number): Row[] {
  const rows = rowsOf(run, threads, 'lengths');
  const key = ({ direction, mask, length, contestant }: Row) => `${direction} ${mask} ${length} ${contestant}`;
  const known = new Set(rows.map(key));
  const heads = rows[0]?.entry.problem.heads;
  const further = rowsOf(run, threads, 'growth').filter(
    (row) => row.entry.problem.heads === heads && !known.has(key(row)),
  );
  return [...rows, ...further];
}

function growthSection(run: Run, threads: number): Section[] {
  const rows = rowsOf(run, threads, 'growth');
  const series = (['forward', 'forward+backward'] as const).map((direction) => ({
    name: directionNames[direction],
    points: rows
      .filter((row) => row.direction === direction)
      .map(({ length, milliseconds }) => ({ x: length, y: milliseconds })),
  }));
  if (rows.length === 0) return [];
  return [
    {
      title: 'How time grows',
      text: 'Ours, causal, with the power law that fits best. Attention has a quadratic number of operations.',
      plots: [growthPlot(series, 'milliseconds')],
    },
  ];
}

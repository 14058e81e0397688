import { percent } from './format.js';
import { machineName } from './history.js';
import type { Direction, Run } from './schema.js';
import { directionNames, type Row, rowsOf, threadsOf } from './series.js';

/** Between these two lines of the README stands what `frontPageText` gives. */
export const markers = ['<!-- benchmark: npm run publish-results -->', '<!-- end of benchmark -->'] as const;

const peers = ['PyTorch', 'ORT MultiHeadAttention', 'tfjs-node', 'TensorFlow'];

/** The table of the front page, in Markdown, from the largest number of threads of a run. */
export function frontPageText(run: Run): string {
  const threads = threadsOf(run)[0] ?? 1;
  const rows = rowsOf(run, threads, 'lengths').filter(({ length }) => length === 1024);
  const present = peers.filter((peer) => rows.some(({ contestant }) => contestant === peer));
  const calls = (['forward', 'forward+backward'] as const).flatMap((direction) =>
    (['dense', 'causal'] as const).map((mask) => ({ direction, mask })),
  );
  const lines = calls.map(({ direction, mask }) => lineOf(rows, direction, mask, present));
  return [
    `| 8 heads of 64, length 1024, float32 | ours, of the rate of a matrix product | ${present.map((peer) => `over ${peer}`).join(' | ')} |`,
    `|---|${'---|'.repeat(present.length + 1)}`,
    ...lines.filter((line) => line !== undefined),
    '',
    footnote(run, threads),
  ].join('\n');
}

function lineOf(rows: readonly Row[], direction: Direction, mask: string, present: readonly string[]) {
  const call = rows.filter((row) => row.direction === direction && row.mask === mask);
  const ours = call.find((row) => row.ours);
  if (ours?.share === undefined) return undefined;
  const cells = present.map((peer) => {
    const row = call.find(({ contestant }) => contestant === peer);
    return row ? `${row.ratio.toFixed(1)} x` : 'none';
  });
  return `| ${directionNames[direction]}, ${mask} | ${percent(ours.share / 100)} | ${cells.join(' | ')} |`;
}

function footnote({ machine, limits, date }: Run, threads: number): string {
  const limit = limits.find((each) => each.threads === threads);
  const rate = limit ? `, ${limit.product} at ${(limit.productRate.median / 1e9).toFixed(0)} GFLOP/s` : '';
  const cores = `${threads} ${threads === 1 ? 'thread' : 'threads'} of ${machine.cpu} (${machine.isa ?? machine.device})`;
  return `${cores}${rate}; ${date.slice(0, 10)}. [All plots and figures](benchmarks/results/published/${machineName(machine)}/attention.html); nothing was measured on Apple hardware.`;
}

/** A text with what stands between the markers replaced. @throws RangeError where they are missing */
export function replaceBetweenMarkers(text: string, inner: string): string {
  const [begin, end] = markers.map((marker) => text.indexOf(marker));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) {
    throw new RangeError(`expected the lines ${markers.join(' and ')}`);
  }
  return `${text.slice(0, begin + markers[0].length)}\n${inner}\n${text.slice(end)}`;
}

import { growthOf } from './plots/growth.js';
import type { Direction, Run } from './schema.js';
import { type Row, rowsOf, threadsOf } from './series.js';

/** A figure to be seen first. */
export interface Headline {
  readonly value: string;
  readonly label: string;
}

/** What a run says in a few numbers, from its largest number of threads; only of what was measured and was steady. */
export function headlines(run: Run): Headline[] {
  const threads = threadsOf(run)[0];
  if (threads === undefined) return [];
  const lengths = rowsOf(run, threads, 'lengths');
  return [
    shareAt(lengths, 1024, 'dense', 'forward'),
    shareAt(lengths, 1024, 'causal', 'forward+backward'),
    ...['PyTorch', 'tfjs-node', 'ORT MultiHeadAttention'].map((peer) => speedOver(lengths, peer)),
    decoding(rowsOf(run, threads, 'decode')),
    growth(rowsOf(run, threads, 'growth')),
    memory(run),
  ].filter((headline) => headline !== undefined);
}

function shareAt(rows: readonly Row[], length: number, mask: string, direction: Direction): Headline | undefined {
  const row = rows.find(
    (each) => each.ours && each.length === length && each.mask === mask && each.direction === direction,
  );
  if (row?.share === undefined || !row.entry.steady.share) return undefined;
  return {
    value: `${row.share.toFixed(0)} %`,
    label: `of a matrix product's rate: ${direction}, ${mask}, length ${length}`,
  };
}

/** At the longest causal call that the peer took part in; with gradients where it has them. */
function speedOver(rows: readonly Row[], peer: string): Headline | undefined {
  const theirs = rows.filter(
    ({ contestant, mask, direction, entry }) =>
      contestant === peer && mask === 'causal' && direction !== 'backward' && entry.steady.ratio,
  );
  const trained = theirs.filter(({ direction }) => direction === 'forward+backward');
  const row = (trained.length > 0 ? trained : theirs).sort((a, b) => b.length - a.length)[0];
  if (!row) return undefined;
  return {
    value: `${row.ratio.toFixed(1)} x`,
    label: `as fast as ${peer}: ${row.direction}, causal, length ${row.length}`,
  };
}

function decoding(rows: readonly Row[]): Headline | undefined {
  const row = rows.find(({ ours, trial, length }) => ours && length === 4096 && !trial.includes(','));
  if (row?.readShare === undefined || !row.entry.steady.readShare) return undefined;
  return { value: `${row.readShare.toFixed(0)} %`, label: `of the read bandwidth: decoding, ${row.length} keys` };
}

function growth(rows: readonly Row[]): Headline | undefined {
  const points = rows
    .filter(({ direction }) => direction === 'forward+backward')
    .map(({ length, milliseconds }) => ({ x: length, y: milliseconds }));
  const [fit] = growthOf([{ name: '', points }]);
  if (!fit) return undefined;
  const { exponent, from, to } = fit.law;
  return { value: `L^${exponent.toFixed(2)}`, label: `growth of time from length ${from} to ${to}` };
}

/** Against the peer that stores all scores, at its longest. */
function memory({ memory: rows }: Run): Headline | undefined {
  const theirs = rows.filter(({ name }) => name === 'tfjs-node').sort((a, b) => b.length - a.length)[0];
  const ours = rows.find(
    ({ name, length, direction, causal }) =>
      name === 'fa-metal' && length === theirs?.length && direction === theirs.direction && causal === theirs.causal,
  );
  if (!theirs || !ours) return undefined;
  return {
    value: `${((100 * ours.extraBytes) / theirs.extraBytes).toFixed(1)} %`,
    label: `of tfjs-node's peak memory: ${ours.direction}, length ${ours.length}`,
  };
}

import { percent } from './format.js';
import { machineName } from './history.js';
import { inOrder } from './plots/peers.js';
import type { Direction, Run } from './schema.js';
import { directionNames, type Row, rowsOf, threadsOf } from './series.js';

/** The parts of the README that are written from results, by the name that their markers have. */
export function frontPageBlocks(run: Run): Readonly<Record<string, string>> {
  return { speed: speedText(run), memory: memoryText(run) };
}

const peers = ['PyTorch', 'ORT MultiHeadAttention', 'tfjs-node', 'TensorFlow'];

/** Ours and its peers, from the largest number of threads of a run. */
function speedText(run: Run): string {
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

function footnote({ machine, limits, date, quick }: Run, threads: number): string {
  const limit = limits.find((each) => each.threads === threads);
  const rate = limit ? `, ${limit.product} at ${(limit.productRate.median / 1e9).toFixed(0)} GFLOP/s` : '';
  const cores = `${threads} ${threads === 1 ? 'thread' : 'threads'} of ${machine.cpu} (${machine.isa ?? machine.device})`;
  return `${cores}${rate}; ${quick ? 'a quick run' : 'run'} of ${date.slice(0, 10)}. [All plots and figures](benchmarks/results/published/${machineName(machine)}/attention.html); nothing was measured on Apple hardware.`;
}

/** Peak memory with gradients over the length, in megabytes. */
function memoryText({ memory }: Run): string {
  const rows = memory.filter(({ direction }) => direction === 'forward+backward');
  const names = inOrder(rows.map(({ name }) => name));
  const lengths = [...new Set(rows.map(({ length }) => length))].sort((a, b) => a - b);
  const cell = (name: string, length: number) => {
    const row = rows.find((each) => each.name === name && each.length === length);
    return row ? `${Math.round(row.extraBytes / 1e6)} MB` : '';
  };
  return [
    `| length | ${names.map((name) => rowNames[name] ?? name).join(' | ')} |`,
    `|---|${'---|'.repeat(names.length)}`,
    ...lengths.map((length) => `| ${length} | ${names.map((name) => cell(name, length)).join(' | ')} |`),
  ].join('\n');
}

const rowNames: Readonly<Record<string, string>> = { 'fa-metal': 'ours', 'fa-metal tfjs': 'ours through tfjs-node' };

/** A text with its blocks replaced: what stands between `<!-- results: name -->` and the next `<!-- end -->`. */
export function replaceBlocks(text: string, blocks: Readonly<Record<string, string>>): string {
  return Object.entries(blocks).reduce((whole, [name, inner]) => {
    const begin = `<!-- results: ${name} -->\n`;
    const from = whole.indexOf(begin);
    const to = whole.indexOf('<!-- end -->', from);
    if (from < 0 || to < 0) throw new RangeError(`expected ${begin.trim()} and <!-- end -->`);
    return `${whole.slice(0, from)}${begin}${inner}\n${whole.slice(to)}`;
  }, text);
}

// `npm run memory` in this folder: peak memory of one call over its length, ours beside the peers, each in a new process.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command } from 'commander';
import { findPythons } from '../attention/peers/python.js';
import { drawSvg } from '../report/draw.js';
import { memoryPlot } from '../report/plots/over-length.js';
import { inOrder } from '../report/plots/peers.js';
import type { MemoryRow } from '../report/schema.js';
import { measureMemory } from './measure.js';

const options = new Command('npm run memory --')
  .description('Peak memory of one call, forward and backward, above its inputs; Linux only.')
  .option('--quick', 'fewer lengths and contestants', false)
  .option('--python <program>', 'a Python with PyTorch or TensorFlow')
  .option('--output <folder>', 'where JSON and plot go', fileURLToPath(new URL('../results', import.meta.url)))
  .parse()
  .opts<{ quick: boolean; python?: string; output: string }>();

const settings = { threads: 1, pythons: findPythons(options.python) };
const { rows, left } = await measureMemory(settings, options.quick, (line) => console.error(line));
for (const line of left) console.error(`not measured: ${line}`);

const names = inOrder(rows.map(({ name }) => name));
const table = new Table({ head: ['MB', '', ...names], style: { head: [], border: [], compact: true } });
for (const [direction, length] of callsOf(rows)) {
  const cells = names.map((name) =>
    rows.find((row) => row.name === name && row.length === length && row.direction === direction),
  );
  table.push([direction, `L${length}`, ...cells.map((row) => (row ? (row.extraBytes / 1e6).toFixed(1) : ''))]);
}
console.log(table.toString());

const output = path.resolve(options.output);
mkdirSync(output, { recursive: true });
writeFileSync(path.join(output, 'memory.json'), `${JSON.stringify(rows, null, 1)}\n`);
const plot = path.join(output, 'memory.svg');
writeFileSync(plot, await drawSvg(memoryPlot(rows)));
console.log(`Plot: ${plot}`);

/** Each direction and length once. */
function callsOf(measured: readonly MemoryRow[]): [string, number][] {
  const calls = new Map(
    measured.map(({ direction, length }) => [`${direction} ${length}`, [direction, length] as const]),
  );
  return [...calls.values()].map(([direction, length]) => [direction, length]);
}

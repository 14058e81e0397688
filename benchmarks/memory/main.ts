// `npm run memory` in this folder: peak memory of one layer's attention over context, stock tfjs against the fused op.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { drawSvg } from '../demo/plots.js';

/** What the program prints: one process, one layer, batch 4, 4 heads of 64, float32, forward and backward. */
interface Measured {
  variant: 'stock' | 'fused';
  context: number;
  extraBytes: number;
}

const program = fileURLToPath(new URL('../../adapters/tfjs/test/programs/peak-memory.cjs', import.meta.url));
const output = fileURLToPath(new URL('../results', import.meta.url));
const contexts = [256, 512, 1024, 2048, 4096];

const measured: Measured[] = [];
for (const context of contexts) {
  for (const variant of ['stock', 'fused']) {
    const { stdout } = await promisify(execFile)(process.execPath, [program, variant, String(context)]);
    measured.push(JSON.parse(stdout) as Measured);
  }
}

const table = new Table({
  head: ['context', 'stock MB', 'fused MB', 'fused / stock'],
  style: { head: [], border: [], compact: true },
});
for (const context of contexts) {
  const [stock, fused] = measured.filter((row) => row.context === context).map((row) => row.extraBytes / 1e6);
  if (stock === undefined || fused === undefined) continue;
  table.push([context, stock.toFixed(0), fused.toFixed(0), (fused / stock).toFixed(3)]);
}
console.log(table.toString());

mkdirSync(output, { recursive: true });
writeFileSync(path.join(output, 'memory.json'), `${JSON.stringify(measured, null, 2)}\n`);
const plot = await drawSvg({
  width: 520,
  height: 260,
  title: 'Peak memory of one attention layer, forward and backward (MB)',
  data: { values: measured.map((row) => ({ ...row, megabytes: row.extraBytes / 1e6 })) },
  mark: { type: 'line', point: true },
  encoding: {
    x: { field: 'context', type: 'quantitative', axis: { values: contexts, title: 'context' } },
    y: { field: 'megabytes', type: 'quantitative', title: null },
    color: { field: 'variant', type: 'nominal', sort: ['stock', 'fused'], legend: { title: null, orient: 'top-left' } },
  },
});
writeFileSync(path.join(output, 'memory.svg'), plot);
console.log(`Plot: ${path.join(output, 'memory.svg')}`);

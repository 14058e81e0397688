// `npm run publish-results [-- folder...]` in benchmarks: what the repository shows is the last run, or the given pieces of one.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawSvg } from './draw.js';
import { frontPageBlocks, replaceBlocks } from './front-page.js';
import { machineName } from './history.js';
import { mergeRuns } from './merge.js';
import { memoryPlot, sharePlot } from './plots/over-length.js';
import type { Run } from './schema.js';
import { rowsOf, threadsOf } from './series.js';
import { writeRun } from './write.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const results = path.join(root, 'benchmarks/results');
const readRun = (folder: string) => JSON.parse(readFileSync(path.join(folder, 'attention.json'), 'utf8')) as Run;

const pieces = process.argv.slice(2);
if (pieces.length > 0) await writeRun(mergeRuns(pieces.map(readRun)), results);
const run = readRun(results);

const folder = path.join(results, 'published', machineName(run.machine));
mkdirSync(folder, { recursive: true });
for (const file of ['attention.json', 'attention.html'])
  copyFileSync(path.join(results, file), path.join(folder, file));

const assets = path.join(root, '.github/assets');
const rows = rowsOf(run, threadsOf(run)[0] ?? 1, 'lengths');
writeFileSync(path.join(assets, 'share.svg'), await drawSvg(sharePlot(rows, 'forward+backward')));
const trained = run.memory.filter(({ direction }) => direction === 'forward+backward');
if (trained.length > 0) writeFileSync(path.join(assets, 'memory.svg'), await drawSvg(memoryPlot(trained)));

const readme = path.join(root, 'README.md');
writeFileSync(readme, replaceBlocks(readFileSync(readme, 'utf8'), frontPageBlocks(run)));
console.log(`${folder}, ${assets} and README.md show the run of ${run.date} now`);

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appendHistory, compareWithHistory, historyLine, readHistory } from './history.js';
import { pageOf } from './page.js';
import type { Run } from './schema.js';

/**
 * Writes `attention.json` and `attention.html` into the folder and adds the run to `history/` there.
 *
 * @returns the page's absolute path
 */
export async function writeRun(run: Run, output: string): Promise<string> {
  const folder = path.resolve(output);
  const history = path.join(folder, 'history');
  const line = historyLine(run);
  const comparison = compareWithHistory(line, readHistory(history, run.machine));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'attention.json'), `${JSON.stringify(run, fiveDigits, 1)}\n`);
  const page = path.join(folder, 'attention.html');
  writeFileSync(page, await pageOf(run, comparison));
  appendHistory(history, run.machine, line);
  return page;
}

/** More digits than five are noise. */
function fiveDigits(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

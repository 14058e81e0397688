import Table from 'cli-table3';
import { type CheckOptions, refuses } from './check.js';
import type { Report, RunOptions, RunResult } from './run.js';
import { decode } from './values.js';

export function printRun(result: RunResult, options: RunOptions): void {
  const values = options.print.map(({ index, type, count }) => ({
    index,
    values: decode(type, result.outputs.get(index) as Uint8Array, count),
  }));
  if (options.json) {
    const { outputs: _, ...rest } = result;
    console.log(JSON.stringify({ ...rest, values: Object.fromEntries(values.map((one) => [one.index, one.values])) }));
    return;
  }
  for (const { text } of result.reports) console.error(text);
  if (result.error !== null) console.error(`${result.stage}: ${ownWords(result.error, result.reports)}`);
  for (const { index, values: list } of values) console.log(`buffer ${index}: ${list.join(' ')}`);
  if (options.stats) for (const { kernel, counts } of result.counts) printCounts(kernel, counts);
  if (result.error === null) {
    const times = result.milliseconds.map((time) => time.toFixed(1)).join(', ');
    console.log(`${result.device}: completed in ${times} ms, ${result.reports.length} reports`);
  }
}

/** The error's own words: an NSError goes on with the first finding, which is printed already. */
function ownWords(error: string, [first]: Report[]): string {
  const at = first ? error.indexOf(first.text) : -1;
  const own = at < 0 ? error : error.slice(0, at);
  return own
    .trim()
    .replace(/:$/, '')
    .replace(/:\s*\n\n/, ':\n');
}

function printCounts(kernel: string, counts: Record<string, unknown>): void {
  const table = new Table({ head: [kernel, 'count'], colAligns: ['left', 'right'], style: { head: [], border: [] } });
  for (const [name, value] of Object.entries(counts)) {
    if (typeof value === 'number' && value !== 0) table.push([name.replaceAll('_', ' '), value.toLocaleString('en')]);
  }
  console.log(table.toString());
}

export function printCheck(complaints: string, options: CheckOptions): void {
  const lines = complaints.split('\n').filter((line) => line !== '');
  if (options.json) console.log(JSON.stringify({ legal: !refuses(complaints), complaints: lines }));
  else process.stdout.write(complaints);
}

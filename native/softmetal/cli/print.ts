import Table from 'cli-table3';
import type { CheckOptions } from './check.js';
import type { RunOptions, RunResult } from './run.js';
import { decode } from './values.js';

export function printRun(result: RunResult, options: RunOptions): void {
  const values = options.print.map(({ index, type, count }) => {
    const data = result.outputs.get(index);
    if (!data) throw new Error(`--print: there is no --buffer ${index}`);
    return { index, values: decode(type, data, count) };
  });
  if (options.json) {
    const { outputs: _, ...rest } = result;
    console.log(JSON.stringify({ ...rest, values: Object.fromEntries(values.map((one) => [one.index, one.values])) }));
    return;
  }
  for (const { text } of result.reports) console.error(text);
  if (result.error !== null) console.error(`${result.stage}: ${result.error}`);
  for (const { index, values: list } of values) console.log(`buffer ${index}: ${list.join(' ')}`);
  if (options.stats) for (const { kernel, counts } of result.counts) printCounts(kernel, counts);
  if (result.error === null) {
    const times = result.milliseconds.map((time) => time.toFixed(1)).join(', ');
    console.log(`${result.device}: completed in ${times} ms, ${result.reports.length} reports`);
  }
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
  if (options.json) console.log(JSON.stringify({ legal: lines.length === 0, complaints: lines }));
  else process.stdout.write(complaints);
}

import Table from 'cli-table3';
import { type Status, statuses } from '../types.js';
import type { AdapterReport } from './report.js';

type Counts = Record<Status, number>;

function count(cases: AdapterReport['cases']): Counts {
  const counts: Counts = { pass: 0, fail: 0, 'not-supported': 0, skipped: 0 };
  for (const { status } of cases) counts[status]++;
  return counts;
}

// No colour: the text also goes to files and logs.
const style = { head: [], border: [], compact: true };

/** Adapters by status. */
export function statusTable(reports: readonly AdapterReport[]): string {
  const table = new Table({
    head: ['adapter', 'subset', ...statuses, 'cases', 'seconds'],
    style,
    colAligns: ['left', 'left', ...statuses.map(() => 'right' as const), 'right', 'right'],
  });
  for (const { adapter, subset, cases, seconds } of reports) {
    const counts = count(cases);
    table.push([adapter, subset, ...statuses.map((status) => counts[status]), cases.length, seconds.toFixed(1)]);
  }
  return table.toString();
}

/** Families by adapter: how many passed, and what became of the others. */
export function familyTable(reports: readonly AdapterReport[]): string {
  const names = [...new Set(reports.flatMap(({ cases }) => cases.map(({ family }) => family)))];
  const table = new Table({ head: ['family', ...reports.map(({ adapter }) => adapter)], style });
  for (const name of names) {
    table.push([name, ...reports.map(({ cases }) => cell(count(cases.filter(({ family }) => family === name))))]);
  }
  return table.toString();
}

function cell(counts: Counts): string {
  const parts = statuses.filter((status) => counts[status] > 0);
  if (parts.length === 0) return '-';
  return parts.map((status) => `${counts[status]} ${status}`).join(', ');
}

/** What failed, with ids to replay. */
export function failureList(reports: readonly AdapterReport[], most = 50): string {
  const lines = reports.flatMap(({ adapter, cases }) =>
    cases.filter(({ status }) => status === 'fail').map(({ id, message }) => `${adapter} ${id}\n    ${message}`),
  );
  const rest = lines.length > most ? [`... and ${lines.length - most} more`] : [];
  return [...lines.slice(0, most), ...rest].join('\n');
}

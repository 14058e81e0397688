import { escape as escapeHtml } from 'html-escaper';
import { describeGoal } from '../attention/goals/goal.js';
import { judge } from '../attention/goals/judge.js';
import { boundOf, outcomeOf } from '../attention/goals/print.js';
import { goals } from '../attention/goals/table.js';
import { gigabytes, mainShare, percent, spread, time } from './format.js';
import type { Run } from './schema.js';
import { directionNames } from './series.js';

/** The machine, the limits that were measured on it, and what took part. */
export function machineList({ machine, limits, versions, commit, changed, absent, flags }: Run): string {
  const { cpu, cores, memoryBytes, os, backend, device, isa } = machine;
  const versionText = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rows: [string, string][] = [
    ['Machine', `${cpu}, ${cores} cores, ${gigabytes(memoryBytes)}, ${os}`],
    ['Backend', [backend, device === cpu ? undefined : device, isa].filter(Boolean).join(', ')],
    ...limits.map(({ threads, product, productRate, readRate }): [string, string] => [
      `Limits, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      `${product}: ${(productRate.median / 1e9).toFixed(0)} GFLOP/s; reading memory: ${(readRate.median / 1e9).toFixed(1)} GB/s`,
    ]),
    ['Versions', versionText.join(', ')],
    ['Commit', `${commit.slice(0, 12)}${changed ? ', with changes' : ''}`],
    ...(flags.length > 0 ? [['Flags', flags.join(' ')] as [string, string]] : []),
    ...absent.map(({ name, reason }): [string, string] => ['Absent', `${name}: ${reason}`]),
  ];
  const items = rows.map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

/** Every entry of every trial; bold where the rounds agree. */
export function figureTable({ measurements }: Run): string {
  const rows = measurements.flatMap(({ suite, name, direction, threads, entries }) =>
    entries.map((entry, index) => {
      const share = mainShare(entry);
      return [
        escapeHtml(`${suite}: ${name}`),
        escapeHtml(`${directionNames[direction]}, ${threads}T`),
        escapeHtml(entry.name),
        time(entry.seconds.median),
        time(entry.seconds.min),
        share ? bold(`${percent(share.value.median)}${share.of === 'read' ? ' of reading' : ''}`, share.steady) : '',
        index === 0 ? '1' : bold(spread(entry.ratio), entry.steady.ratio),
      ];
    }),
  );
  return tableOf(
    ['trial', 'direction', 'contestant', 'median', 'fastest', 'share of the limit', 'time over the first'],
    rows,
  );
}

/** Contestants that could not take part in a trial. */
export function omittedTable({ measurements }: Run): string {
  const rows = measurements.flatMap(({ suite, name, direction, threads, omitted }) =>
    omitted.map(({ name: contestant, kind, reason }) =>
      [`${suite}: ${name}`, `${directionNames[direction]}, ${threads}T`, contestant, kind, reason].map((text) =>
        escapeHtml(text),
      ),
    ),
  );
  return tableOf(['trial', 'direction', 'contestant', '', 'reason'], rows);
}

/** The goals that the run has a figure for, and how many of them are met; undefined when there are none. */
export function goalTable(run: Run): { summary: string; table: string } | undefined {
  const verdicts = judge(run, goals).filter(({ figure }) => figure !== undefined);
  if (verdicts.length === 0) return undefined;
  const rows = verdicts.map((verdict) => {
    const { goal, threads, figure = Number.NaN, steady, met } = verdict;
    const mark = `<span class="${met ? 'met' : 'unmet'}">${outcomeOf(verdict)}</span>`;
    const cells = [describeGoal(goal), threads === undefined ? '' : `${threads}T`, boundOf(goal)];
    return [...cells.map((text) => escapeHtml(text)), bold(figure.toFixed(2), steady), mark];
  });
  const met = verdicts.filter((verdict) => verdict.met).length;
  return {
    summary: `Goals: ${met} of ${verdicts.length} met`,
    table: tableOf(['goal', 'threads', 'wanted', 'figure', ''], rows),
  };
}

function bold(text: string, steady: boolean): string {
  return steady ? `<b>${text}</b>` : text;
}

/** Cells are HTML. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) => row.map((cell) => `<td>${cell}</td>`).join('');
  return `<table><tr>${head.map((title) => `<th>${title}</th>`).join('')}</tr>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</table>`;
}

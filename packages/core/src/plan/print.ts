import type { KernelCost, Plan } from '../types.js';

interface Column {
  head: string;
  text(kernel: KernelCost): string;
}

const units = ['', ' k', ' M', ' G', ' T', ' P'];

/** Three digits and a unit of 1000. */
function short(value: number): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${Number((value / 1000 ** power).toPrecision(3))}${units[power]}`;
}

const columns: readonly Column[] = [
  { head: 'kernel', text: ({ kernel }) => kernel },
  { head: 'threadgroups', text: ({ threadgroups, threads }) => `${threadgroups} x ${threads}` },
  { head: 'operations', text: ({ operations }) => short(operations) },
  { head: 'device B', text: ({ deviceBytes }) => short(deviceBytes) },
  { head: 'memory B', text: ({ memoryBytes }) => short(memoryBytes) },
  { head: 'registers', text: ({ registers }) => String(registers) },
  { head: 'threadgroup B', text: ({ threadgroupBytes }) => String(threadgroupBytes) },
  { head: 'per core', text: ({ simdgroupsPerCore }) => `${simdgroupsPerCore} simdgroups` },
  { head: 'core cycles', text: ({ coreCycles }) => short(coreCycles) },
  { head: 'use', text: ({ utilisation }) => `${Math.round(100 * utilisation)} %` },
  { head: 'bound', text: ({ bound }) => bound },
];

/** For people: one fact a line, and a table of the kernels' cost where there is one. */
export function printPlan(plan: Plan): string {
  const facts = [
    ['kernel', `${plan.kernel} (${plan.backend})`],
    ['why', plan.why],
    [
      'tiles',
      Object.entries(plan.tiles)
        .map(([name, size]) => `${name} ${size}`)
        .join(', '),
    ],
    ['tasks', String(plan.tasks)],
    ['scratch', `${short(plan.scratchBytes)}B`],
  ].map(([name, text]) => `${name!.padEnd(8)} ${text}`);
  const { cost } = plan;
  if (cost === undefined) return facts.join('\n');
  const total = cost.kernels.reduce((sum, { coreCycles }) => sum + coreCycles, 0);
  return [
    ...facts,
    '',
    ...table(cost.kernels),
    '',
    `All kernels: ${short(total)} core cycles. Cost: ${cost.says}.`,
  ].join('\n');
}

function table(kernels: readonly KernelCost[]): string[] {
  const rows = [columns.map(({ head }) => head), ...kernels.map((kernel) => columns.map(({ text }) => text(kernel)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    column === 0 || column === columns.length - 1 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

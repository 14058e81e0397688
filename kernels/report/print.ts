import Table from 'cli-table3';
import { fitsRegisters, type Row } from './report.js';

export const title = 'Metal kernels: registers, counts and predicted use of the GPU (not measured on Apple hardware)';

const legend = `Registers: 32-bit ones per thread with which NVIDIA's ptxas spills nothing of the translated kernel, at least the fragments
that must live together + 30, in a plain call: no mask, no bias, whole fragments. "All options": the same with every option at
once and rows of any length. Counts: of the software device in a small call, per 8x8x8 product of a simdgroup (per 512
elements where a kernel has no products). Use: by a model of a core of Apple7 and Apple8 (kernels/report/model.ts), of what multiply-adds
and memory allow. ! = over 128 registers.`;

interface Column {
  head: string;
  text(row: Row): string;
}

const rounded = (value: number, digits: number) => value.toFixed(digits);
const marked = (registers: number) => `${registers}${registers > 128 ? '!' : ''}`;

const columns: Column[] = [
  { head: 'variant', text: ({ variant }) => variant.hostName },
  { head: 'rows x block x simdgroups', text: ({ variant: v }) => `${v.rows} x ${v.block} x ${v.simdgroups}` },
  { head: 'own rows', text: ({ variant }) => variant.own },
  { head: 'registers', text: ({ registers }) => marked(registers.estimate) },
  { head: 'ptxas', text: ({ registers }) => String(registers.ptxas) },
  { head: 'floor', text: ({ registers }) => String(registers.floor || '-') },
  { head: 'all options', text: ({ registers }) => marked(registers.withAllOptions) },
  { head: 'threadgroup B', text: ({ threadgroupBytes }) => String(threadgroupBytes) },
  { head: 'arithmetic', text: ({ profile }) => rounded(profile.arithmetic, 2) },
  { head: 'exp2', text: ({ profile }) => rounded(profile.exp2, 2) },
  { head: 'accesses', text: ({ profile }) => rounded(profile.accesses, 2) },
  { head: 'bank cycles', text: ({ profile }) => rounded(profile.bankCycles, 2) },
  { head: 'device B', text: ({ profile }) => rounded(profile.deviceBytes, 0) },
  { head: 'barriers', text: ({ profile }) => rounded(profile.barriers, 3) },
  { head: 'simdgroups per core', text: ({ prediction }) => String(prediction.simdgroupsPerCore) },
  { head: 'use', text: ({ prediction }) => rounded(prediction.utilisation, 2) },
  { head: 'bound', text: ({ prediction }) => prediction.bound },
];

const cells = (row: Row) => columns.map((column) => column.text(row));

export function terminalTable(rows: readonly Row[]): string {
  const table = new Table({
    head: columns.map(({ head }) => head.replaceAll(' ', '\n')),
    style: { head: [], border: [], compact: true },
    colAligns: columns.map(({ head }) => (head === 'variant' || head === 'bound' ? 'left' : 'right')),
  });
  table.push(...rows.map(cells));
  return `${title}\n\n${table.toString()}\n\n${legend}\n`;
}

export function markdown(rows: readonly Row[]): string {
  const line = (words: readonly string[]) => `| ${words.join(' | ')} |`;
  const lines = [line(columns.map(({ head }) => head)), line(columns.map(() => '---')), ...rows.map(cells).map(line)];
  return `# ${title}\n\n${legend}\n\n${lines.join('\n')}\n`;
}

export const json = (rows: readonly Row[]): string => `${JSON.stringify({ title, rows }, null, 2)}\n`;

/** What the issue asks of every variant, in one line. */
export function summary(rows: readonly Row[]): string {
  const over = rows.filter((row) => !fitsRegisters(row)).map(({ variant }) => variant.hostName);
  return `${rows.length} variants, ${over.length} over 128 registers${over.length > 0 ? `: ${over.join(', ')}` : ''}`;
}

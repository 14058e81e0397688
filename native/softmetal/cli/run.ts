import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BufferArgument, BytesArgument, ConstantArgument, PrintArgument } from './arguments.js';
import { callTool } from './tool.js';

export interface RunOptions {
  function: string;
  grid?: [number, number, number];
  total?: [number, number, number];
  threads: [number, number, number];
  buffer: BufferArgument[];
  bytes: BytesArgument[];
  constant: ConstantArgument[];
  tgmem: { index: number; length: number }[];
  print: PrintArgument[];
  include: string[];
  define: { name: string; value: string }[];
  repeat: number;
  /** Random schedules to run it under, each from the same inputs; 0 = one run as the settings say. */
  seeds: number;
  settings: Record<string, string>;
  stats?: boolean;
  json?: boolean;
}

export interface RunResult {
  /** Where it ended: compile, function, pipeline, run; `done` when the kernel completed. */
  stage: string;
  error: string | null;
  device: string;
  compiler: string;
  milliseconds: number[];
  reports: Report[];
  counts: { kernel: string; counts: Record<string, unknown> }[];
  outputs: Map<number, Uint8Array>;
}

/** One finding; the fields that the command line uses. `text` is how the device would print it. */
export interface Report {
  kind: string;
  text: string;
  location: { file: string; line: number };
  argument?: { name: string };
}

/** Runs one kernel in the native tool. Buffers travel as files, everything else as lines of tab-separated words. */
export function run(source: string, options: RunOptions): RunResult {
  const folder = mkdtempSync(join(tmpdir(), 'softmetal-'));
  try {
    const file = (name: string) => join(folder, name);
    const outputs = options.buffer.map(({ index }) => [index, file(`buffer-${index}`)] as const);
    writeFileSync(file('request'), request(source, options, folder));
    const answer = callTool('run', [file('request')]);
    const result = JSON.parse(answer) as Omit<RunResult, 'outputs'>;
    return { ...result, outputs: new Map(outputs.map(([index, path]) => [index, readFileSync(path)])) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function request(source: string, options: RunOptions, folder: string): string {
  const lines: (string | number)[][] = [
    ['source', resolve(source)],
    ['name', source],
    ['function', options.function],
    ['threads', ...options.threads],
    ['repeat', options.repeat],
    ['seeds', options.seeds],
  ];
  if (options.grid) lines.push(['grid', ...options.grid]);
  if (options.total) lines.push(['total', ...options.total]);
  for (const [name, value] of Object.entries(options.settings)) lines.push(['set', name, value]);
  if (options.include.length > 0)
    lines.push(['set', 'include', options.include.map((path) => resolve(path)).join(':')]);
  for (const { name, value } of options.define) lines.push(['define', name, value]);
  for (const { key, metalType, data } of options.constant) lines.push(['constant', key, metalType, hex(data)]);
  for (const { index, length } of options.tgmem) lines.push(['tgmem', index, length]);
  for (const { index, data } of options.bytes) lines.push(['bytes', index, hex(data)]);
  for (const { index, data } of options.buffer) {
    const path = join(folder, `buffer-${index}`);
    writeFileSync(path, data);
    lines.push(['buffer', index, path]);
  }
  return lines.map((words) => `${words.map(word).join('\t')}\n`).join('');
}

function word(value: string | number): string {
  if (/[\t\n]/.test(String(value))) throw new Error(`'${value}' holds a tab or a line end`);
  return String(value);
}

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dispatch } from './dispatch.js';
import { runProgram } from './run-program.js';
import { softmetal } from './tools.js';
import { constantWords } from './translate.js';

/** What softmetal counts in a dispatch: native/softmetal/src/count/counts.h says what each figure is. */
export interface Counts {
  [figure: string]: number | Counts['buffers'];
  buffers: Record<
    string,
    { name: string; read: number; written: number; unique_read: number; unique_written: number; accesses: number }
  >;
}

export const figure = (counts: Counts, name: string): number => {
  const value = counts[name];
  if (typeof value !== 'number') throw new Error(`softmetal counts no ${name}`);
  return value;
};

/** 8x8x8 products of simdgroups, whatever the operands' type. */
export const products = (counts: Counts): number =>
  figure(counts, 'matrix_f32') + figure(counts, 'matrix_f16') + figure(counts, 'matrix_bf16');

/** Bytes that all threads read of one argument. */
export const bytesRead = (counts: Counts, index: number): number => counts.buffers[index]?.read ?? 0;

/** Runs a kernel on the software device and counts what it does. */
export async function count(text: string, name: string, dispatch: Dispatch): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-count-'));
  try {
    const source = join(folder, `${name}.metal`);
    writeFileSync(source, text);
    const files = (option: string, all: ReadonlyMap<number, Uint8Array>) =>
      [...all].flatMap(([index, data]) => {
        const file = join(folder, `${option}-${index}`);
        writeFileSync(file, data);
        return [`--${option}`, `${index}=${file}`];
      });
    const { status, stdout, stderr } = await runProgram(process.execPath, [
      ...[join(softmetal, 'bin/softmetal.mjs'), 'run', source, '--function', name, '--stats', '--json'],
      ...['--grid', String(dispatch.threadgroups), '--threads', String(dispatch.threads), '--timeout', '600'],
      ...[
        ...constantWords(dispatch.constants),
        ...files('buffer', dispatch.buffers),
        ...files('bytes', dispatch.bytes),
      ],
    ]);
    const result = stdout === '' ? { error: stderr, counts: [] } : JSON.parse(stdout);
    if (status !== 0) throw new Error(`${name} fails on the software device: ${result.error ?? stderr}`);
    return result.counts[0].counts as Counts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

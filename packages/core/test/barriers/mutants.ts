import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { flatten, metalTable } from '../../../../kernels/msl.mjs';
import { nativeLibraryPath } from '../../src/index.js';
import { chooseSoftwareDevice } from '../../test-support/software-device.js';

/** A barrier of a kernel's text. */
export interface Barrier {
  kernel: string;
  /** Where it begins in the text. */
  at: number;
  length: number;
  /** Its line in the flattened text, and what is there. */
  line: number;
  code: string;
}

export const kernelNames: readonly string[] = Object.keys(metalTable.kernels);

export function barriersOf(kernel: string): Barrier[] {
  const text = flatten(kernel);
  return [...text.matchAll(/\b(?:threadgroup|simdgroup)_barrier\s*\([^;]*\);/g)].map(({ 0: call, index }) => {
    const before = text.slice(0, index).split('\n');
    const lineEnd = text.indexOf('\n', index);
    return { kernel, at: index, length: call.length, line: before.length, code: text.slice(index, lineEnd) };
  });
}

/**
 * Runs the kernel without the barrier, in a process of its own, with every access checked.
 *
 * @returns the first finding; empty when nothing was found
 */
export function tryWithout(barrier: Barrier | undefined, kernel: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-mutant-'));
  try {
    const library = join(folder, 'addon.node');
    writeFileSync(library, barrier ? binaryWithout(barrier) : readFileSync(nativeLibraryPath()));
    return probe(library, kernel);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The binary holds the text as it is; blanks in place of the barrier leave all else where it was. */
function binaryWithout({ kernel, at, length }: Barrier): Buffer {
  const bytes = readFileSync(nativeLibraryPath());
  const text = bytes.indexOf(`\0${flatten(kernel)}\0`);
  if (text < 0) throw new Error(`the native binary has another text of ${kernel}: build it first`);
  bytes.write(`${' '.repeat(length - 1)};`, text + 1 + at);
  return bytes;
}

function probe(library: string, kernel: string): string {
  chooseSoftwareDevice();
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const program = fileURLToPath(new URL('probe.ts', import.meta.url));
  const args = ['--conditions=fa-metal-source', '--import', tsx, program, kernel];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, FA_METAL_LIBRARY: library },
  });
  if (status !== 0) throw new Error(`the probe of ${kernel} ended with ${status}\n${stderr}`);
  return stdout.trim();
}

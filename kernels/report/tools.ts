import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const softmetal = join(root, 'native/softmetal');
export const cacheFolder = join(root, '.cache/kernels-report');

/** What looks at kernels: clang that translates to PTX, and NVIDIA's assembler, whose register allocator is asked. */
export interface Tools {
  clang: readonly string[];
  clangVersion: string;
  ptxas: string;
}

/** Both come from pinned packages of the repository's own setup; ptxas only when a report asks for it. */
export async function provideTools(): Promise<Tools> {
  const state = readState();
  const setup = (await import(new URL('../../scripts/setup/python-packages.mjs', import.meta.url).href)) as {
    pythonPrograms(requirements: string): Promise<{ folder?: string; reason?: string }>;
  };
  const { folder, reason } = await setup.pythonPrograms('ptxas-requirements.txt');
  if (folder === undefined) throw new Error(`there is no ptxas to count registers with: ${reason}`);
  return { ...state, ptxas: join(folder, 'nvidia/cuda_nvcc/bin/ptxas') };
}

function readState(): { clang: string[]; clangVersion: string } {
  const file = join(root, '.cache/setup.json');
  const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).softmetal : undefined;
  if (found?.command === undefined) throw new Error(`there is no clang for kernels, run setup: ${found?.reason ?? ''}`);
  // A program, or a program and "clang"; folders may have spaces in their names.
  const [, program, word] = /^(.*?)( clang)?$/.exec(found.command) as unknown as [string, string, string | undefined];
  return { clang: word === undefined ? [program] : [program, word.trim()], clangVersion: found.version };
}

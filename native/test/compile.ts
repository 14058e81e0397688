import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('..', import.meta.url));

const strict = ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
const include = ['-Iruntime', '-I../kernels', '-I../kernels/include'];

/** Compiles C++ files, named from this package's folder, into a program, runs it and returns what it printed. */
export function compileAndRun(sources: readonly string[], flags: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-test-'));
  const program = join(folder, 'program');
  try {
    run(process.env.CXX ?? 'c++', [...strict, ...flags, ...include, ...sources, '-o', program]);
    return run(program, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether the compiler has a sanitizer whose programs run here: some kernels' address layouts defeat some of them. */
export function hasSanitizer(flag: string): boolean {
  try {
    compileAndRun(['test/programs/nothing.cc'], [flag]);
    return true;
  } catch {
    return false;
  }
}

function run(program: string, flags: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, flags, { cwd: native, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kernels = fileURLToPath(new URL('..', import.meta.url));
const common = ['-O3', '-std=c++20', '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math', '-I.', '-Iinclude'];

/** A pointer to the C library's exception handler, which every object with a destructor holds: data, not code. */
const personality = /__gxx_personality/;

/** Names that an object file compiled from `source` defines for other files, weak ones included, demangled. */
export function externalSymbols(source: string, flags: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-object-'));
  const object = join(folder, 'object.o');
  try {
    run(process.env.CXX ?? 'c++', [...common, ...flags, '-c', source, '-o', object]);
    // "address type name": no type letter for undefined names with -U (BSD, LLVM) or --defined-only (GNU).
    const defined = process.platform === 'darwin' ? '-U' : '--defined-only';
    const lines = run('nm', ['-g', '-C', defined, object]).split('\n');
    const names = lines.map((line) => /^[0-9a-f]* *[A-Za-z] (.*)$/.exec(line.trim())?.[1] ?? '');
    return names.filter((name) => name !== '' && !personality.test(name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: kernels, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}\n${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

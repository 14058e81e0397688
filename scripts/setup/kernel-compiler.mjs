import fs from 'node:fs';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { replaceFile } from '../lib/publish.mjs';
import { tryRun } from '../lib/run.mjs';
import { pythonPrograms } from './python-packages.mjs';

/** The first clang that softmetal can use, and the pinned zig's is a later one. */
const oldestClang = 19;

/** Where libsoftmetal looks for its compiler when no environment variable names one. */
const record = path.join(root, 'native/softmetal/.cache/compiler');

/**
 * The compiler of softmetal's kernels: { command, version, zig? }, or { reason } when there is none.
 * `zig` is there when it came from PyPI; it also builds for arm64.
 */
export async function kernelCompiler() {
  if (process.platform !== 'linux') return { reason: 'softmetal is for Linux' };
  const { folder, reason } = await pythonPrograms('zig-requirements.txt');
  const found = folder ? await fromZig(path.join(folder, 'ziglang/zig')) : await fromSystem();
  if (!found) return { reason: `${reason}; and there is no clang ${oldestClang} or later with ld.lld` };
  replaceFile(record, (temporary) => fs.writeFileSync(temporary, `${found.command}\n`));
  return found;
}

async function fromZig(zig) {
  return { command: `${zig} clang`, version: await clangVersion(zig, ['clang']), zig };
}

async function fromSystem() {
  for (const command of ['clang++-22', 'clang++-21', 'clang++-20', 'clang++-19', 'clang++']) {
    const version = await clangVersion(command, []);
    const linker = await tryRun(command, ['-print-prog-name=ld.lld']);
    if (version && majorVersion(version) >= oldestClang && linker?.includes('/')) return { command, version };
  }
  return undefined;
}

const clangVersion = async (program, words) => (await tryRun(program, [...words, '--version']))?.split('\n')[0];
const majorVersion = (version) => Number(/clang version (\d+)/.exec(version)?.[1] ?? 0);

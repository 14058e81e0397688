import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCache } from '../lib/paths.mjs';
import { publishFolder } from '../lib/publish.mjs';
import { run } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';
import { pip } from './prerequisites.mjs';

/** numpy's and ONNX Runtime's wheels of these versions exist from here on. */
const oldestPython = [3, 11];

/** Packages for the tests in Python: { command, path } to run with PYTHONPATH=path, or { reason } when there are none. */
export async function pythonPackages() {
  return reasonInstead(async () => {
    const found = await pip();
    const [major, minor] = found.version;
    if (minor < oldestPython[1]) {
      throw new UserError(
        `Python ${major}.${minor} is too old: install Python ${oldestPython.join('.')} or later with pip.`,
      );
    }
    return { command: found.command, path: await install('requirements.txt', found) };
  });
}

/** The path of clang-format, or { reason }. */
export async function clangFormat() {
  const { folder, reason } = await pythonPrograms('clang-format-requirements.txt');
  return folder ? { program: path.join(folder, 'clang_format/data/bin/clang-format') } : { reason };
}

/** The folder with the packages that a requirements file of this folder names: { folder }, or { reason }. */
export async function pythonPrograms(requirements) {
  return reasonInstead(async () => ({ folder: await install(requirements, await pip()) }));
}

async function install(requirements, { command, args, version }) {
  const file = fileURLToPath(new URL(requirements, import.meta.url));
  const id = createHash('sha256').update(fs.readFileSync(file)).update(process.arch).digest('hex').slice(0, 12);
  const name = `python${version.join('.')}-${path.basename(requirements, '.txt')}-${id}`;
  const folder = path.join(sharedCache, name);
  await publishFolder(folder, (temporary) =>
    run(command, [...args, 'install', '-q', '--only-binary=:all:', '--target', temporary, '-r', file]),
  );
  return folder;
}

async function reasonInstead(action) {
  try {
    return await action();
  } catch (error) {
    const lastLine = error.output?.trim().split('\n').at(-1);
    return { reason: lastLine ?? error.message };
  }
}

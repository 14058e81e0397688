import fs from 'node:fs';
import path from 'node:path';
import { sharedCache } from '../lib/paths.mjs';
import { publishFolder } from '../lib/publish.mjs';
import { run, tryRun } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';

/** What programs in C++ need, and Node is one. */
const libraries = ['ld-linux-aarch64.so.1', 'libstdc++.so.6', 'libgcc_s.so.1'].map((name) => `lib/${name}`);
const installedSysroot = '/usr/aarch64-linux-gnu';
const emulators = ['qemu-aarch64-static', 'qemu-aarch64'];
const packages = {
  emulator: ['qemu-user-static'],
  sysroot: ['libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross'],
};

/**
 * What runs programs for arm64 Linux here: { emulator, sysroot }, or { reason }. The machine's own QEMU and C and C++ libraries if they
 * are installed; else those of its Debian or Ubuntu packages, unpacked into the shared cache, for which nobody need be root.
 */
export async function arm64Emulation() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { reason: 'arm64 is emulated on x86-64 Linux only' };
  try {
    return { emulator: await findEmulator(), sysroot: await findSysroot() };
  } catch (error) {
    return { reason: error instanceof UserError ? error.message : error.message.split('\n').at(-1) };
  }
}

async function findEmulator() {
  for (const name of emulators) if (await tryRun(name, ['--version'])) return name;
  const folder = await unpacked(packages.emulator, (file) => file === `usr/bin/${emulators[0]}`);
  return path.join(folder, 'usr/bin', emulators[0]);
}

async function findSysroot() {
  if (libraries.every((file) => fs.existsSync(path.join(installedSysroot, file)))) return installedSysroot;
  const folder = await unpacked(packages.sysroot, (file) => file.startsWith(installedSysroot.slice(1)));
  return path.join(folder, installedSysroot);
}

/** Packages' files for which `wanted` holds, in the shared cache. apt works on lists and locks of its own, beside the system's. */
async function unpacked(names, wanted) {
  const all = names.join('+');
  if (!(await tryRun('apt-get', ['--version']))) {
    throw new UserError(`${all} is not installed, and there is no apt-get to fetch it with`);
  }
  const target = path.join(sharedCache, all);
  await publishFolder(target, async (temporary) => {
    const state = path.join(temporary, 'apt');
    const aside = ['lists/partial', 'cache/archives/partial', 'files'].map((folder) => path.join(state, folder));
    for (const folder of aside) fs.mkdirSync(folder, { recursive: true });
    const options = { 'Dir::State::Lists': 'lists', 'Dir::Cache': 'cache' };
    const settings = Object.entries(options).flatMap(([key, folder]) => ['-o', `${key}=${path.join(state, folder)}`]);
    const apt = (...words) =>
      run('apt-get', ['-qq', ...settings, '-o', 'Debug::NoLocking=1', ...words], { cwd: path.join(state, 'files') });
    await apt('update');
    await apt('download', ...names);
    for (const file of fs.readdirSync(path.join(state, 'files'))) {
      await run('dpkg-deb', ['-x', path.join(state, 'files', file), temporary]);
    }
    keepOnly(temporary, wanted);
  });
  return target;
}

function keepOnly(folder, wanted) {
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !wanted(path.relative(folder, file))) fs.rmSync(file);
  }
}

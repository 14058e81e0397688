// Builds the native binary for another platform: by the pinned zig, from the sources and settings of native/gyp. No path and
// no time is in it: same sources and same zig, same bytes.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { sharedCache } from '../scripts/lib/paths.mjs';
import { run } from '../scripts/lib/run.mjs';
import { UserError } from '../scripts/lib/steps.mjs';
import { onnxRuntimeHeaders } from '../scripts/setup/onnxruntime-headers.mjs';
import { pythonPrograms } from '../scripts/setup/python-packages.mjs';

const gyp = fileURLToPath(new URL('gyp', import.meta.url));
const require = createRequire(import.meta.url);

/**
 * @param binary where it goes; zig keeps its objects beside it
 * @param target zig's words for the platform
 * @param linker what only this platform's linker needs to be told
 */
export async function buildAddon({ binary, target, linker }) {
  const zig = await pinnedZig();
  const settings = gypSettings();
  const addon = settings.targets.find(({ target_name: name }) => name === 'addon');
  const language = [...settings.variables.kernel_flags, ...addon.defines.map((define) => `-D${define}`)];
  const folder = path.dirname(binary);
  fs.mkdirSync(folder, { recursive: true });
  await run(
    zig,
    [
      ...['c++', ...target, '-shared', '-s'],
      ...[...language, '-DNODE_GYP_MODULE_NAME=addon', '-DBUILDING_NODE_EXTENSION', '-include', 'weak_napi.h'],
      ...(await includeFolders()).map((include) => `-I${include}`),
      ...sources(),
      ...linker,
      ...['-o', binary],
    ],
    { cwd: gyp, env: zigCaches(folder) },
  );
}

/** The one that softmetal's kernels are compiled with on Linux, pinned by zig-requirements.txt. */
async function pinnedZig() {
  const { folder, reason } = await pythonPrograms('zig-requirements.txt');
  if (!folder) throw new UserError(`zig, which builds for other platforms, cannot be had: ${reason}`);
  return path.join(folder, 'ziglang/zig');
}

/** binding.gyp is JavaScript, but for its comments. */
function gypSettings() {
  const text = fs.readFileSync(path.join(gyp, 'binding.gyp'), 'utf8');
  return vm.runInNewContext(`(${text.replace(/^\s*#.*$/gm, '')})`);
}

async function includeFolders() {
  const nodeApi = require('node-api-headers').include_dir;
  const wrapper = gypInput('node-addon-api');
  return [
    ...['..', '../runtime', '../../kernels', '../../kernels/include'],
    ...[wrapper, nodeApi, (await onnxRuntimeHeaders()).folder],
  ];
}

const gypInput = (name) => execFileSync(process.execPath, ['inputs.mjs', name], { cwd: gyp, encoding: 'utf8' }).trim();

/** Those of every build, and the kernels of all processors: the other machines' say that they are absent. */
function sources() {
  const folder = '../../kernels/cpu/targets';
  const kernels = fs.readdirSync(path.join(gyp, folder)).filter((name) => name.endsWith('.cc'));
  return [...gypInput('sources').split('\n'), ...kernels.sort().map((name) => `${folder}/${name}`)];
}

/** zig compiles its libc++ once for all checkouts; our own objects stay in the checkout. */
function zigCaches(folder) {
  return {
    ZIG_GLOBAL_CACHE_DIR: path.join(sharedCache, 'zig-cache'),
    ZIG_LOCAL_CACHE_DIR: path.join(folder, 'zig-cache'),
  };
}

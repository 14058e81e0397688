// Builds the native binary for macOS on Apple silicon, on any platform and without a header of Apple's: zig brings the C and C++
// library, Metal is looked up at run time. Puts it where @fa-metal/core looks: packages/core/prebuilds/darwin-arm64/addon.node.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { withLock } from '../../scripts/lib/lock.mjs';
import { checkoutCache, root, sharedCache } from '../../scripts/lib/paths.mjs';
import { replaceFile } from '../../scripts/lib/publish.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { main, UserError } from '../../scripts/lib/steps.mjs';
import { onnxRuntimeHeaders } from '../../scripts/setup/onnxruntime-headers.mjs';
import { pythonPrograms } from '../../scripts/setup/python-packages.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const gyp = path.join(here, '../gyp');
const require = createRequire(import.meta.url);
const target = JSON.parse(fs.readFileSync(path.join(here, 'target.json'), 'utf8'));

export const delivered = path.join(root, 'packages/core/prebuilds/darwin-arm64', target.fileName);

/** Same sources and same zig, same bytes, wherever the checkout is: no path and no time is in them. */
export const buildForDarwin = () => withLock(path.join(checkoutCache, 'darwin-build.lock'), build);

async function build() {
  const zig = await pinnedZig();
  const settings = gypSettings();
  const addon = settings.targets.find(({ target_name: name }) => name === 'addon');
  const language = [...settings.variables.kernel_flags, ...addon.defines.map((define) => `-D${define}`)];
  const binary = path.join(here, 'build', target.fileName);
  fs.mkdirSync(path.dirname(binary), { recursive: true });
  await run(
    zig,
    [
      ...['c++', '-target', `aarch64-macos.${target.oldestSystem}`, `-mcpu=${target.processor}`, '-shared', '-s'],
      ...[...language, '-DNODE_GYP_MODULE_NAME=addon', '-DBUILDING_NODE_EXTENSION', '-include', 'weak_napi.h'],
      ...(await includeFolders()).map((folder) => `-I${folder}`),
      ...sources(),
      // Node's functions are in no library: the process has them, or another host has not.
      '-Wl,-undefined,dynamic_lookup',
      `-Wl,-install_name,@rpath/${target.fileName}`,
      ...['-o', binary],
    ],
    { cwd: gyp, env: zigCaches() },
  );
  if (!fs.existsSync(delivered) || !fs.readFileSync(binary).equals(fs.readFileSync(delivered))) {
    replaceFile(delivered, (temporary) => fs.copyFileSync(binary, temporary));
  }
  return delivered;
}

/** The one that softmetal's kernels are compiled with on Linux, pinned by zig-requirements.txt. */
async function pinnedZig() {
  const { folder, reason } = await pythonPrograms('zig-requirements.txt');
  if (!folder) throw new UserError(`zig, which builds for macOS, cannot be had: ${reason}`);
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
function zigCaches() {
  return {
    ZIG_GLOBAL_CACHE_DIR: path.join(sharedCache, 'zig-cache'),
    ZIG_LOCAL_CACHE_DIR: path.join(here, 'build/zig-cache'),
  };
}

/** What the tests need: on a Mac there is node-gyp's binary in that place, and where zig cannot be had, none. */
async function buildForTests() {
  if (process.platform !== 'linux') return console.log('npm run prebuild makes the binary for macOS on this platform');
  const { reason } = await pythonPrograms('zig-requirements.txt');
  if (reason) {
    fs.rmSync(delivered, { force: true });
    return console.log(`no binary for macOS: ${reason}`);
  }
  const file = await buildForDarwin();
  console.log(`${path.relative(root, file)} (${(fs.statSync(file).size / 1e6).toFixed(1)} MB)`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(buildForTests);

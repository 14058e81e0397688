import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { replaceFile } from '../lib/publish.mjs';
import { run, tryRun } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';
import { defaultSource, libtensorflow } from './libtensorflow.mjs';
import { cxxCompiler } from './prerequisites.mjs';
import { runOwnInstaller, storageAnswers } from './tfjs-node-installer.mjs';

/** The names under which tfjs-node and the libraries themselves look for libtensorflow. */
const links = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow.so.2': 'libtensorflow_cc.so.2',
  'libtensorflow_cc.so.2': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  'libtensorflow_framework.so.2': 'libtensorflow_framework.so.2',
};

const ownInstaller = 'tfjs-node';

/** The real folder of the package; pnpm keeps it below node_modules/.pnpm. */
export function tfjsNodeFolder() {
  const require = createRequire(path.join(root, 'adapters/tfjs/package.json'));
  return fs.realpathSync(path.dirname(require.resolve('@tensorflow/tfjs-node/package.json')));
}

/**
 * Gives tfjs-node its binding and libtensorflow: by its own installer where its storage answers, else from a package registry.
 * Returns { route: 'installer' | 'registry', source, version }, or { route: 'none', reason }: then only tfjs's own backends run.
 */
export async function provisionTfjsNode(folder = tfjsNodeFolder(), source = process.env.FA_METAL_TENSORFLOW) {
  const stamp = path.join(folder, 'deps/provisioned.json');
  const before = fs.existsSync(stamp) ? JSON.parse(fs.readFileSync(stamp, 'utf8')) : undefined;
  const wantedSources = source ? [source] : [ownInstaller, defaultSource];
  const isWanted = before && wantedSources.includes(before.source) && before.node === process.version;
  if (isWanted && (await loadedVersion(folder)) === before.version) return before;
  const result = await provision(folder, source);
  if (result.route !== 'none') {
    replaceFile(stamp, (file) => fs.writeFileSync(file, JSON.stringify({ ...result, node: process.version })));
  }
  return result;
}

async function provision(folder, source) {
  const reasons = [];
  if (!source && (await storageAnswers(folder))) {
    const failure = await runOwnInstaller(folder);
    const version = await loadedVersion(folder);
    if (version) return { route: 'installer', source: ownInstaller, version };
    reasons.push(`tfjs-node's own installer failed (${failure ?? 'its binding does not load'})`);
  } else if (!source) {
    reasons.push("tfjs-node's storage does not answer");
  }
  try {
    await linkLibrary(folder, source ?? defaultSource);
    await compileBinding(folder);
    const version = await loadedVersion(folder);
    if (version) return { route: 'registry', source: source ?? defaultSource, version };
    reasons.push('the binding that was compiled does not load');
  } catch (error) {
    if (source) throw error;
    reasons.push(error instanceof UserError ? error.message : error.message.split('\n')[0]);
  }
  return { route: 'none', reason: reasons.join('; ') };
}

/** Makes the package use the libtensorflow of `source`. */
export async function linkLibrary(folder, source) {
  const library = await libtensorflow(source);
  for (const [name, target] of Object.entries(links)) {
    replaceFile(path.join(folder, 'deps/lib', name), (file) => fs.symlinkSync(path.join(library, 'lib', target), file));
  }
}

/** The C API is stable: a binding compiled with one version's headers serves all of them. */
async function compileBinding(folder) {
  const compiler = await cxxCompiler();
  if (!compiler) throw new UserError('a C++ compiler is missing');
  const headers = path.join(await libtensorflow(defaultSource), 'include');
  const napi = createRequire(path.join(root, 'native/package.json'))('node-api-headers').include_dir;
  const addon = path.join(folder, 'lib/napi-v8/tfjs_binding.node');
  fs.mkdirSync(path.dirname(addon), { recursive: true });
  await run(
    compiler.command,
    [
      ...['-std=c++17', '-O1', '-w', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
      ...[napi, headers, folder].map((include) => `-I${include}`),
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-o', `${addon}.part`],
      ...[`-L${path.join(folder, 'deps/lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      // A plain rpath, unlike a runpath, also serves the libraries that the libraries ask for.
      ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-Wl,--disable-new-dtags'],
    ],
    { cwd: folder },
  );
  fs.renameSync(`${addon}.part`, addon);
}

/** The version that the binding reports in a process of its own; undefined when it does not load. */
export function loadedVersion(folder) {
  const code = `console.log(require(${JSON.stringify(bindingOf(folder))}).TF_Version)`;
  return tryRun(process.execPath, ['-e', code], { env: { TF_CPP_MIN_LOG_LEVEL: '3' } }).then((output) =>
    output?.split('\n').at(-1),
  );
}

/** Loading the binding alone takes a tenth of the time that the whole package takes. */
function bindingOf(folder) {
  const { binary } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const newest = Math.min(Number(process.versions.napi), Math.max(...binary.napi_versions));
  return path.resolve(folder, binary.module_path.replace('{napi_build_version}', newest), `${binary.module_name}.node`);
}

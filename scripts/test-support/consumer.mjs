import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

/** Folders of the packages that are published. */
export const published = [
  'packages/core',
  'packages/reference',
  'packages/conformance',
  'adapters/tfjs',
  'adapters/onnxruntime',
];

/** Hosts of the adapters. The consumer gets those of the workspace, which setup has made usable, instead of downloads of its own. */
const hosts = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-node',
  'onnxruntime-common',
  'onnxruntime-node',
];

export const manifestOf = (folder) => JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'));

/** Packs a package; returns the tarball. */
export async function pack(folder, destination) {
  const pnpm = path.join(root, 'node_modules/.bin/pnpm');
  await run(pnpm, ['pack', '--pack-destination', destination], { cwd: path.join(root, folder) });
  const { name, version } = manifestOf(folder);
  return path.join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

/** Packs every published package; returns name -> tarball. */
export async function packAll(destination) {
  const tarballs = new Map();
  for (const folder of published) tarballs.set(manifestOf(folder).name, await pack(folder, destination));
  return tarballs;
}

/** An empty project outside the checkout, with the tarballs installed by npm and no install script run. */
export async function createConsumer() {
  // The real path: on macOS the temporary folder is behind a link.
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'fa-metal-consumer-')));
  const packed = path.join(folder, 'packed');
  fs.mkdirSync(packed);
  const tarballs = await packAll(packed);
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--legacy-peer-deps'];
  await run('npm', ['install', '--ignore-scripts', ...quiet, ...tarballs.values()], { cwd: folder });
  linkHosts(folder);
  return { folder, tarballs, remove: () => fs.rmSync(folder, { recursive: true }) };
}

function linkHosts(folder) {
  const manifests = ['scripts', 'adapters/tfjs', 'adapters/onnxruntime'].map((name) =>
    path.join(root, name, 'package.json'),
  );
  for (const host of hosts) {
    const link = path.join(folder, 'node_modules', host);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(findPackage(manifests, host), link);
  }
}

function findPackage(manifests, name) {
  for (const manifest of manifests) {
    const folder = createRequire(manifest)
      .resolve.paths(name)
      .map((modules) => path.join(modules, name))
      .find((candidate) => fs.existsSync(candidate));
    if (folder) return fs.realpathSync(folder);
  }
  throw new Error(`${name} is not installed in the workspace`);
}

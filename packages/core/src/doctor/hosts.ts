import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A library that an adapter plugs into. */
export interface HostLibrary {
  name: string;
  found: boolean;
  version?: string;
  path?: string;
  /** Whether its own native part loads, and of which version that is. */
  native?: { loads: boolean; says: string };
}

/**
 * What is looked for, and a script that loads the native part and prints its version. The script gets the package's
 * folder as its argument.
 */
const known: readonly { name: string; script?: string }[] = [
  {
    name: '@tensorflow/tfjs-node',
    // The binding alone: the whole package would take seconds.
    script: `
      const { readdirSync, existsSync } = require('node:fs');
      const { join } = require('node:path');
      const lib = join(process.argv[1], 'lib');
      const folders = existsSync(lib) ? readdirSync(lib).sort().reverse() : [];
      const binding = folders.map((folder) => join(lib, folder, 'tfjs_binding.node')).find(existsSync);
      if (!binding) throw new Error('its native binding is not built: its install script was blocked, or could not download it');
      process.stdout.write('TensorFlow ' + require(binding).TF_Version);`,
  },
  { name: '@tensorflow/tfjs' },
  {
    name: 'onnxruntime-node',
    script: `
      const ort = require(process.argv[1]);
      process.stdout.write('ONNX Runtime ' + (ort.env.versions.node ?? 'of unknown version'));`,
  },
];

/** Looks in `folder` as `require` would, and from our adapters that are installed there. */
export function findHosts(folder: string): HostLibrary[] {
  const adapters = ['@fa-metal/tfjs', '@fa-metal/onnxruntime'].flatMap((name) => findPackage(name, [folder]) ?? []);
  return known.map(({ name, script }) => {
    const path = findPackage(name, [folder, ...adapters]);
    if (!path) return { name, found: false };
    const { version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { version: string };
    return { name, found: true, version, path, ...(script && { native: tryNative(script, path) }) };
  });
}

/** Walks the node_modules folders; `require.resolve` would stop at packages whose exports hide package.json. */
function findPackage(name: string, folders: readonly string[]): string | undefined {
  return folders
    .flatMap((folder) => createRequire(join(folder, 'package.json')).resolve.paths(name) ?? [])
    .map((modules) => join(modules, name))
    .find((path) => existsSync(join(path, 'package.json')));
}

/** In a process of its own, since a library that does not fit may end the process. */
function tryNative(script: string, path: string): { loads: boolean; says: string } {
  const environment = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const child = spawnSync(process.execPath, ['-e', script, path], {
    encoding: 'utf8',
    env: environment,
    timeout: 30_000,
  });
  if (child.status === 0) return { loads: true, says: child.stdout.trim() };
  const reason = /^\w*Error: (.*)$/m.exec(child.stderr)?.[1];
  return { loads: false, says: reason ?? child.error?.message ?? `it ended with ${child.signal ?? child.status}` };
}

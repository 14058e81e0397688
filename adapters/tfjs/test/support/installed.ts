import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nativeLibraryPath } from '@fa-metal/core';

const require = createRequire(import.meta.url);
const adapter = fileURLToPath(new URL('../..', import.meta.url));
const core = dirname(require.resolve('@fa-metal/core/package.json'));

/** A folder in which the built packages lie as npm would install them. */
export interface Installed {
  /** Entry point of @fa-metal/tfjs for `require`. */
  entry: string;
  library: string;
}

export const tfjsNode = realpathSync(dirname(require.resolve('@tensorflow/tfjs-node/package.json')));

/** Installs the built packages, with a native binary of their own, into `folder`/`name`. */
export function install(folder: string, name: string): Installed {
  const modules = join(folder, name, 'node_modules/@fa-metal');
  for (const [source, target] of [
    [core, 'core'],
    [adapter, 'tfjs'],
  ] as const) {
    const built = join(source, 'dist');
    if (!existsSync(built)) throw new Error(`${built} is missing: run the build task first`);
    mkdirSync(join(modules, target), { recursive: true });
    cpSync(built, join(modules, target, 'dist'), { recursive: true });
    cpSync(join(source, 'package.json'), join(modules, target, 'package.json'));
  }
  const library = join(modules, 'core/prebuilds', `${process.platform}-${process.arch}`, 'addon.node');
  mkdirSync(dirname(library), { recursive: true });
  cpSync(nativeLibraryPath(), library);
  return {
    entry: join(modules, 'tfjs', JSON.parse(readFileSync(join(modules, 'tfjs/package.json'), 'utf8')).main),
    library,
  };
}

/** A folder that is gone when `body` is done. */
export async function inTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-tfjs-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a script of test/programs in a process of its own; gives the JSON that it prints last. */
export async function runProgram(name: string, ...args: string[]): Promise<unknown> {
  const script = fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TFJS_NODE: tfjsNode };
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

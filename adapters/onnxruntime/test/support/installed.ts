import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nativeLibraryPath } from '@fa-metal/core';

const adapter = fileURLToPath(new URL('../..', import.meta.url));
const core = dirname(createRequire(import.meta.url).resolve('@fa-metal/core/package.json'));

/** Lays the built packages, with a native binary of their own, into `folder`/`name` as npm would; gives their folder. */
export function install(folder: string, name: string): string {
  const modules = join(folder, name, 'node_modules/@fa-metal');
  for (const [source, target] of [
    [core, 'core'],
    [adapter, 'onnxruntime'],
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
  return join(modules, 'onnxruntime');
}

/** A folder that is gone when `body` is done. */
export async function inTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-ort-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Finished {
  /** The JSON that it printed last, if any. */
  result: unknown;
  stderr: string;
}

/** Runs a script of test/programs in a process of its own. Rejects unless it ends with exit code 0. */
export async function runProgram(name: string, ...args: string[]): Promise<Finished> {
  return runFile(fileURLToPath(new URL(`../programs/${name}`, import.meta.url)), args);
}

/** Runs a script in a process of its own; gives the JSON that it printed last. */
export async function runFile(
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const { stdout, stderr } = await execute(file, args, env);
  const last = stdout.trim().split('\n').at(-1) || 'null';
  return { result: JSON.parse(last), stderr };
}

/** Runs a script in a process of its own; gives all that it printed. */
export async function runText(file: string): Promise<string> {
  return (await execute(file, [], {})).stdout;
}

/** onnxruntime-node is found from the working folder. */
function execute(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  // pnpm's own programs set NODE_PATH, with which everything would be found from everywhere.
  const options = { cwd: adapter, env: { ...process.env, NODE_PATH: '', ...env } };
  return promisify(execFile)(process.execPath, [file, ...args], options);
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installBuilt } from '../../../../packages/core/test-support/installed.js';

export { inTemporaryFolder } from '../../../../packages/core/test-support/installed.js';

const adapter = fileURLToPath(new URL('../..', import.meta.url));

/** Installs the built packages, with a native binary of their own, into `folder`/`name`; gives our package's folder. */
export function install(folder: string, name: string): string {
  return installBuilt(join(folder, name), adapter).adapter;
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

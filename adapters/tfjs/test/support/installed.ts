import { execFile } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installBuilt } from '../../../../packages/core/test-support/installed.js';

export { inTemporaryFolder } from '../../../../packages/core/test-support/installed.js';

const require = createRequire(import.meta.url);
const thisPackage = fileURLToPath(new URL('../..', import.meta.url));

export const tfjsNode = realpathSync(dirname(require.resolve('@tensorflow/tfjs-node/package.json')));

export interface Installed {
  /** Entry point of @fa-metal/tfjs for `require`. */
  entry: string;
  library: string;
}

/** Installs the built packages, with a native binary of their own, into `folder`/`name`. */
export function install(folder: string, name: string): Installed {
  const { adapter, library } = installBuilt(join(folder, name), thisPackage);
  return { entry: join(adapter, JSON.parse(readFileSync(join(adapter, 'package.json'), 'utf8')).main), library };
}

/** Runs a script of test/programs in a process of its own; gives the JSON that it prints last. */
export async function runProgram(name: string, ...args: string[]): Promise<unknown> {
  const script = fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TFJS_NODE: tfjsNode };
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

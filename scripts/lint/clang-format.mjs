import { repositoryFiles } from '../lib/files.mjs';
import { run } from '../lib/run.mjs';
import { readState } from '../setup/state.mjs';

const formatted = /\.(cc|h|mm|metal)$/;
const generated = /(^|\/)generated\//;

/** Checks, or with `write` mends, the layout of C++ and MSL. Throws with the complaints; returns a reason when it cannot check. */
export async function clangFormat({ write = false } = {}) {
  const { program, reason } = readState().clangFormat ?? {};
  if (!program) return reason ?? 'npm run setup has not run';
  const files = repositoryFiles().filter((file) => formatted.test(file) && !generated.test(file));
  if (files.length > 0) await run(program, [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...files]);
  return undefined;
}

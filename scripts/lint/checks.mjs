import path from 'node:path';
import { repositoryFiles } from '../lib/files.mjs';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';
import { clangFormat } from './clang-format.mjs';

const program = (name) => path.join(root, 'node_modules/.bin', name);

/** Each check throws what is wrong, returns a string with the reason when it had to be skipped, else nothing. */
export const lintChecks = {
  'formatter and linter (biome)': async () => {
    await run(program('biome'), ['check', '--error-on-warnings']);
  },
  'C++ and MSL layout (clang-format)': clangFormat,
  'arrows between layers': async () => {
    const { brokenArrows } = await import('./arrows.mjs');
    const broken = brokenArrows(root, repositoryFiles());
    if (broken.length > 0) throw new UserError(broken.join('\n'));
  },
};

export const typeChecks = {
  'types (tsc)': async () => {
    await run(program('tsc'), ['--build', 'packages/tsconfig', '--pretty', 'false']);
  },
};

export const generatedChecks = {
  'generated files are up to date': async () => {
    await run(process.execPath, ['kernels/variants/generate.mjs', '--check']);
  },
};

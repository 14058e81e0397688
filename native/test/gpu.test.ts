import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { compileAndRun } from './compile.js';

const native = fileURLToPath(new URL('..', import.meta.url));
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = fileURLToPath(new URL(`../softmetal/build/${machine}/libsoftmetal.so`, import.meta.url));
process.env['FA_METAL_SOFTWARE_LIBRARY'] ??= library;

/** Planning, which needs the rest of the runtime, is tested elsewhere. */
const plumbing = '{batches,buffers,call_memory,commands,gpu,gpu_*,objc,objc_*,pipelines}';
const sources = globSync(
  ['test/programs/gpu/*.cc', `runtime/metal/${plumbing}.cc`, 'runtime/{error,own_library,pages,tensor}.cc'],
  { cwd: native },
);

// Linux only, and built by `npm run setup` where a compiler for its kernels is found.
test.skipIf(!existsSync(library))(
  'on the software device: memory in place and pooled, gaps, stages, long grids, faults, threads, 1,000 calls',
  { timeout: 300_000 },
  () => expect(compileAndRun(sources, ['-ldl'])).toBe('ok\n'),
);

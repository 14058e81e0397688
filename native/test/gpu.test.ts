import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { compileAndRun } from './compile.js';
import { missing } from './software-device.js';

const native = fileURLToPath(new URL('..', import.meta.url));

/** Planning, which needs the rest of the runtime, is tested elsewhere. */
const plumbing = '{batches,buffers,call_memory,commands,gpu,gpu_*,objc,objc_*,pipelines}';
const sources = globSync(
  ['test/programs/gpu/*.cc', `runtime/metal/${plumbing}.cc`, 'runtime/{error,own_library,pages,tensor}.cc'],
  { cwd: native },
);

test.skipIf(missing)(
  `on the software device: memory in place and pooled, gaps, stages, long grids, faults, threads, 1,000 calls${missing}`,
  { timeout: 300_000 },
  () => expect(compileAndRun(sources, ['-ldl'])).toBe('ok\n'),
);

import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { writeMetalSources } from '../gyp/metal-sources.mjs';
import { compileAndRun } from './compile.js';
import { missing } from './software-device.js';

const native = fileURLToPath(new URL('..', import.meta.url));

// The backend as a whole needs the cpu backend, too.
const sources = globSync(
  ['test/programs/metal_work/*.cc', 'runtime/metal/*.cc', 'runtime/*.cc', 'runtime/generated/*.cc'],
  {
    cwd: native,
    ignore: ['runtime/metal/{metal_backend,self_check,sample_call}.cc', 'runtime/device.cc'],
  },
);

test.skipIf(missing)(
  `kept dS in chunks of heads gives the same bits; stages rise; shapes alone warm up${missing}`,
  {
    timeout: 600_000,
  },
  () => {
    expect(compileAndRun([...sources, writeMetalSources()], ['-ldl'])).toBe('ok\n');
  },
);

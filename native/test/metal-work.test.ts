import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { writeMetalSources } from '../gyp/metal-sources.mjs';
import { compileAndRun } from './compile.js';

const native = fileURLToPath(new URL('..', import.meta.url));
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = fileURLToPath(new URL(`../softmetal/build/${machine}/libsoftmetal.so`, import.meta.url));
process.env['FA_METAL_SOFTWARE_LIBRARY'] ??= library;

// The backend as a whole needs the cpu backend, too.
const sources = globSync(
  ['test/programs/metal_work/*.cc', 'runtime/metal/*.cc', 'runtime/*.cc', 'runtime/generated/*.cc'],
  {
    cwd: native,
    ignore: ['runtime/metal/{metal_backend,self_check,sample_call}.cc', 'runtime/device.cc'],
  },
);

// Linux only, and built by `npm run setup` where a compiler for its kernels is found.
test.skipIf(!existsSync(library))(
  'kept dS in chunks of heads gives the same bits; stages rise; shapes alone warm up',
  {
    timeout: 300_000,
  },
  () => {
    expect(compileAndRun([...sources, writeMetalSources()], ['-ldl'])).toBe('ok\n');
  },
);

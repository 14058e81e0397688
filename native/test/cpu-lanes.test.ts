import { expect, test } from 'vitest';
import { addon } from './addon.js';
import { compileAndRun } from './compile.js';

const flagsOf: Record<string, string[]> = {
  avx2: ['-mavx2', '-mfma', '-mf16c'],
  avx512: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx512cd', '-mf16c', '-mfma'],
};
const asKernels = ['-O2', '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math', '-Wno-unused-function'];

// AMX has the vectors of AVX-512.
const vectors = addon.instructionSets().filter((isa) => isa !== 'amx');

test.each(vectors)('%s: tanh and Philox along the lanes', { timeout: 120_000 }, (isa) => {
  const printed = compileAndRun(['test/programs/cpu_lanes_test.cc'], [...asKernels, ...(flagsOf[isa] ?? [])]);
  const [, lanes, checks] = /^(\d+) lanes, (\d+) checks/.exec(printed) ?? [];
  expect(Number(lanes)).toBe({ avx512: 16, avx2: 8 }[isa] ?? 4);
  expect(Number(checks)).toBeGreaterThan(60_000_000);
});

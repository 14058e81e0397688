import { expect, test } from 'vitest';
import { compileAndRun, hasSanitizer } from './compile.js';

test('key_band.h agrees with its definition on every small band', () => {
  const printed = compileAndRun(['test/programs/key_band_test.cc']);
  expect(Number(/^(\d+) checks/.exec(printed)?.[1])).toBeGreaterThan(100_000);
});

test('bands and the blocks of them are right for every call of up to 70 queries and keys', { timeout: 600_000 }, () => {
  const printed = compileAndRun(['test/programs/band_enumeration_test.cc'], ['-O2']);
  const [, calls, bands] = /^(\d+) calls, (\d+) bands/.exec(printed) ?? [];
  expect(Number(calls)).toBe(71 * 71 * 1100);
  expect(Number(bands)).toBeGreaterThan(2_000_000);
});

test('sequences of every pair of lengths up to 70 have offset, band and place of their own', {
  timeout: 60_000,
}, () => {
  const names = ['sequences', 'error', 'tensor', 'check_tensor', 'problem', 'problem_inputs', 'problem_options'];
  const sources = [...names, 'problem_sizes'].map((name) => `runtime/${name}.cc`);
  const printed = compileAndRun(['test/programs/sequences_test.cc', ...sources]);
  expect(Number(/^(\d+) checks/.exec(printed)?.[1])).toBeGreaterThan(50_000_000);
});

test('a backend refuses the options and gradients that it lacks, by name', () => {
  const sources = ['test/programs/missing_feature_test.cc', 'runtime/missing_feature.cc', 'runtime/error.cc'];
  expect(compileAndRun(sources)).toBe('ok\n');
});

const poolSources = ['test/programs/thread_pool_test.cc', 'runtime/cpu/thread_pool.cc'];

test('the thread pool runs each task once, passes exceptions on and ends', () => {
  expect(compileAndRun(poolSources)).toBe('ok\n');
});

// The thread sanitizer cannot start under every kernel's address layout; the test above runs regardless.
test.skipIf(!hasSanitizer('-fsanitize=thread'))('the thread pool has no data race', () => {
  expect(compileAndRun(poolSources, ['-fsanitize=thread'])).toBe('ok\n');
});

const lentSources = ['test/programs/call_threads_test.cc', 'runtime/cpu/thread_pool.cc'];

test('a call runs on threads that its host lends', () => {
  expect(compileAndRun(lentSources)).toBe('ok\n');
});

test.skipIf(!hasSanitizer('-fsanitize=thread'))('a call on lent threads has no data race', () => {
  expect(compileAndRun(lentSources, ['-fsanitize=thread'])).toBe('ok\n');
});

test('GPU kernels are compared with the cpu backend once, before their first use', { timeout: 240_000 }, () => {
  const sources = [
    ...[
      'metal/self_check',
      'metal/sample_call',
      'metal/sample_options',
      'metal/sample_tensor',
      'error',
      'tensor',
      'backend',
      'check_tensor',
    ],
    ...['problem', 'problem_inputs', 'problem_options', 'problem_sizes', 'missing_feature'],
  ];
  expect(compileAndRun(['test/programs/self_check_test.cc', ...sources.map((name) => `runtime/${name}.cc`)])).toBe(
    'ok\n',
  );
});

import { expect, test } from 'vitest';
import { compileAndRun } from './compile.js';

const program = ['main', 'choice_test', 'refusals_test', 'sizes_test'].map(
  (name) => `test/programs/metal_plan/${name}.cc`,
);
const plan = ['metal_plan', 'bias_sums', 'copied_rows', 'plan_sizes', 'route_wish', 'variant_choice'].map(
  (name) => `runtime/metal/${name}.cc`,
);
const problem = ['', '_inputs', '_options', '_sizes'].map((part) => `runtime/problem${part}.cc`);
const shared = ['check_tensor', 'error', 'missing_feature', 'tensor'].map((name) => `runtime/${name}.cc`);

test('the plan reaches every variant, bounds its scratch and refuses with limit and value', {
  timeout: 300_000,
}, () => {
  const printed = compileAndRun([...program, ...plan, ...problem, ...shared, 'runtime/generated/metal_variants.cc']);
  expect(Number(/^(\d+) checks/.exec(printed)?.[1])).toBeGreaterThan(30_000);
});

test('variants are of the narrowest width and the newest family that serve', { timeout: 300_000 }, () => {
  const printed = compileAndRun([
    'test/programs/variant_choice_test.cc',
    ...['variant_choice', 'copied_rows'].map((name) => `runtime/metal/${name}.cc`),
    'runtime/tensor.cc',
  ]);
  expect(printed).toBe('14 checks\n');
});

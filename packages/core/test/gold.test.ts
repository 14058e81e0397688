import { expect, test } from 'vitest';
import { goldCases } from '../../reference/test-support/vectors.js';
import { loadLibrary } from '../src/index.js';
import { memoryAdapters } from './conformance-adapters.js';
import { fileOf, gold, testGold, withDropout } from './gold.js';

testGold(loadLibrary().addon.instructionSets().flatMap(memoryAdapters));

test('the calls are made of all 111 vectors', () => {
  expect([...new Set([...gold.map(fileOf), ...withDropout])].sort()).toEqual(goldCases.map(({ id }) => id).sort());
  expect(withDropout).toHaveLength(4);
});

test('the vectors carry these results', () => {
  const counts: Record<string, number> = {};
  for (const name of goldCases.flatMap(({ outputs }) => outputs)) counts[name] = (counts[name] ?? 0) + 1;
  // dkv, of storage that k and v share, is dk with dv added.
  const gradients = { dq: 100, dk: 100, dv: 100, dbias: 14, dslopes: 9, dsinks: 12, dkv: 2 };
  expect(counts).toEqual({ out: 111, lse: 111, ...gradients });
});

test('every gradient that a vector carries is asked for', () => {
  const optional = [
    ['dbias', 'bias'],
    ['dslopes', 'alibi'],
    ['dsinks', 'sinks'],
  ] as const;
  for (const { id, outputs } of goldCases.filter((vector) => !withDropout.includes(vector.id))) {
    const calls = gold.filter((one) => fileOf(one) === id).map(({ parameters }) => parameters);
    expect(calls.some((call) => call.gradients === outputs.includes('dq'))).toBe(true);
    for (const [stored, option] of optional) {
      const asked = calls.some((call) => call.gradients && call[option] && call.biasGradient !== false);
      expect(asked, `${id} ${stored}`).toBe(outputs.includes(stored));
    }
  }
});

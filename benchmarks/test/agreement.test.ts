import { expect, it } from 'vitest';
import { agree, compareRuns, printAgreement } from '../attention/agreement.js';
import { spread } from '../attention/noise.js';
import type { Entry, Run } from '../report/schema.js';
import { selfAttention } from '../suites/problems.js';

const entry = (name: string, share: number, ratio: number, bold = true): Entry => ({
  who: name,
  name,
  problem: selfAttention(64),
  seconds: spread([1]),
  operations: 1,
  bytes: 1,
  share: spread([share]),
  ratio: spread([ratio]),
  steady: { share: bold, ratio: bold },
});

const run = (...entries: Entry[]) =>
  ({
    measurements: [{ suite: 'lengths', name: 'one', direction: 'forward', threads: 1, entries, omitted: [] }],
  }) as unknown as Run;

it('compares every figure that is bold twice, the largest difference first', () => {
  const agreement = compareRuns(
    run(entry('ours', 0.9, 1), entry('theirs', 0.5, 1.8)),
    run(entry('ours', 0.88, 1), entry('theirs', 0.52, 1.4)),
  );
  expect(agreement.compared.map(({ figure }) => figure)).toEqual([
    'lengths: one, theirs, forward, 1T, ratio',
    'lengths: one, theirs, forward, 1T, share',
    'lengths: one, ours, forward, 1T, share',
  ]);
  expect(agreement.compared[0]?.difference).toBeCloseTo(1.8 / 1.4 - 1);
  expect(agree(agreement)).toBe(false);
  expect(printAgreement(agreement)).toMatch(/3 figures in bold, 1 of them more than 10 % apart/);
});

it('agrees when all are within a tenth', () => {
  const agreement = compareRuns(run(entry('ours', 0.9, 1)), run(entry('ours', 0.85, 1)));
  expect(agree(agreement)).toBe(true);
});

it('leaves out, and names, what was too noisy in either run', () => {
  const agreement = compareRuns(run(entry('ours', 0.9, 1, false)), run(entry('ours', 0.4, 1)));
  expect(agreement.compared).toEqual([]);
  expect(agreement.noisy).toEqual(['lengths: one, ours, forward, 1T, share']);
  expect(printAgreement(agreement)).toMatch(/too noisy for 1 figures/);
});

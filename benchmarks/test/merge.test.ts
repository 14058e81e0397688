import { describe, expect, it } from 'vitest';
import { mergeRuns } from '../report/merge.js';
import { aRun } from './a-run.js';

const whole = aRun();
const [one, two] = [1, 2].map((wanted, index) => ({
  ...whole,
  date: `2026-01-0${index + 2}T00:00:00.000Z`,
  flags: ['--threads', String(wanted)],
  limits: whole.limits.filter(({ threads }) => threads === wanted),
  measurements: whole.measurements.filter(({ threads }) => threads === wanted),
}));

describe('mergeRuns', () => {
  it('puts pieces together', () => {
    const merged = mergeRuns([two, one] as never);
    expect(merged).toMatchObject({ limits: whole.limits, memory: whole.memory, date: one?.date, wallSeconds: 200 });
    expect(merged.measurements).toEqual(whole.measurements);
  });

  it('takes what was measured last', () => {
    const again = aRun({ date: '2026-01-05T00:00:00.000Z', shareOfOurs: 0.5, changed: true });
    const merged = mergeRuns([again, whole]);
    expect(merged.measurements).toEqual(again.measurements);
    expect(merged.changed).toBe(true);
  });

  it('takes the highest limit, which a busy machine hides', () => {
    const slow = whole.limits.map((limit) => ({ ...limit, productRate: { ...limit.productRate, median: 1e9 } }));
    const rates = mergeRuns([whole, aRun({ date: '2026-01-05T00:00:00.000Z', limits: slow })]).limits;
    expect(rates.map(({ productRate }) => productRate.median).sort((a, b) => a - b)).toEqual([100e9, 200e9]);
  });

  it('refuses pieces of different runs', () => {
    expect(() => mergeRuns([whole, { ...whole, commit: 'another' }])).toThrow(/commit/);
    expect(() => mergeRuns([whole, { ...whole, quick: true }])).toThrow(/quick/);
    expect(() => mergeRuns([])).toThrow(/at least one/);
  });
});

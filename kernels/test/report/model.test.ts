import { describe, expect, it } from 'vitest';
import { core, latencyHiding, type Profile, predict, simdgroupsPerCore } from '../../report/model.js';

const nothing: Profile = {
  ...{ arithmetic: 0, exp2: 0, divisions: 0, shuffles: 0, accesses: 0, bankCycles: 0 },
  ...{ deviceBytes: 0, uniqueBytes: 0, threadgroupBytes: 0, barriers: 0 },
};
const small = { registers: 64, threadgroupBytes: 4096, simdgroups: 4 };

describe('simdgroups per core', () => {
  it.each([
    ['registers', { registers: 128, threadgroupBytes: 0, simdgroups: 4 }, 12],
    ['threadgroup memory', { registers: 52, threadgroupBytes: 16 * 1024, simdgroups: 4 }, 12],
    ['the number of threads', { registers: 8, threadgroupBytes: 0, simdgroups: 1 }, 32],
  ])('are limited by %s', (_, footprint, expected) => {
    expect(simdgroupsPerCore(footprint)).toBe(expected);
  });

  it('12 hide all latency, fewer only a part', () => {
    expect([12, 8, 4, 2].map(latencyHiding)).toEqual([1, 0.85, 0.5, 0.25]);
  });
});

describe('prediction', () => {
  it('nothing but products is the peak', () => {
    expect(predict(nothing, small)).toMatchObject({ utilisation: 1, bound: 'issue' });
  });

  it('is that of the study for a forward of heads of 64 in float16', () => {
    const work = { ...nothing, arithmetic: 1.1, exp2: 0.15, shuffles: 0.06, accesses: 1.6 };
    expect(predict(work, small).utilisation).toBeCloseTo(0.83, 2);
  });

  it.each([
    ['threadgroup', { bankCycles: 8 }, 0.5],
    ['cache', { deviceBytes: 512 }, 0.5],
    ['exp2', { exp2: 8 }, 0.5],
  ])('%s can be the bound', (bound, work, utilisation) => {
    expect(predict({ ...nothing, ...work }, small)).toMatchObject({ bound, utilisation });
  });

  it('a kernel that only streams is measured by the memory', () => {
    const work = { ...nothing, uniqueBytes: 9600, accesses: 100 };
    expect(predict(work, small, { products: 0, streams: true })).toMatchObject({ bound: 'memory', utilisation: 1 });
    const busy = { ...work, arithmetic: core.schedulers * 2000 };
    expect(predict(busy, small, { products: 0, streams: true }).bound).toBe('issue');
    expect(predict(busy, small, { products: 0, streams: true }).utilisation).toBeCloseTo(0.49, 1);
  });
});

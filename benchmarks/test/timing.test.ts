import { describe, expect, it } from 'vitest';
import { operations } from '../attention/shapes.js';
import { local, race, spread } from '../attention/timing.js';

describe('spread', () => {
  it('is the middle and the quartiles', () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, lower: 2, upper: 4 });
    expect(spread([7])).toEqual({ median: 7, lower: 7, upper: 7 });
    expect(() => spread([])).toThrow(/at least one value/);
  });
});

describe('operations', () => {
  const dense = { heads: 8, length: 1024, headDim: 64, causal: false };

  it('counts two products forward and seven in all', () => {
    expect(operations(dense, 'forward')).toBe(4 * 8 * 1024 * 1024 * 64);
    expect(operations(dense, 'forward+backward')).toBe(14 * 8 * 1024 * 1024 * 64);
  });

  it('counts a causal problem half', () => {
    expect(operations({ ...dense, causal: true }, 'forward')).toBe(operations(dense, 'forward') / 2);
  });
});

describe('race', () => {
  it('runs the yardstick around every contestant of every round and reports shares of it', async () => {
    const order: string[] = [];
    const contestant = (name: string) => local(name, 1e6, () => void order.push(name));
    const timings = await race(contestant('yardstick'), [contestant('a'), contestant('b')], 2);
    expect(timings.map(({ name }) => name)).toEqual(['a', 'b']);
    const changes = order.filter((name, index) => index > 2 && name !== order[index - 1]);
    expect(changes).toEqual(['yardstick', 'a', 'yardstick', 'b', 'yardstick', 'a', 'yardstick', 'b', 'yardstick']);
    for (const { share, gflops } of timings) {
      expect(share.median).toBeGreaterThan(0);
      expect(gflops.lower).toBeLessThanOrEqual(gflops.upper);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { leastBytes, operations } from '../attention/work.js';
import { selfAttention, withOptions } from '../suites/problems.js';

const dense = selfAttention(1024);
const causal = selfAttention(1024, { causal: true });

describe('operations', () => {
  it('counts two products forward, five backward', () => {
    expect(operations(dense, 'forward')).toBe(4 * 8 * 1024 * 1024 * 64);
    expect(operations(dense, 'backward')).toBe(2.5 * operations(dense, 'forward'));
    expect(operations(dense, 'forward+backward')).toBe(3.5 * operations(dense, 'forward'));
  });

  it('counts a causal call half, but not one row that sees all keys', () => {
    expect(operations(causal, 'forward')).toBe(operations(dense, 'forward') / 2);
    const token = { ...causal, queries: 1 };
    expect(operations(token, 'forward')).toBe(4 * 8 * 1024 * 64);
  });

  it('counts the pairs inside a window', () => {
    const pairs = (problem: typeof dense, window: number) =>
      operations(withOptions(problem, { window }), 'forward') / (4 * 8 * 64);
    // The first rows have fewer keys to their left.
    expect(pairs(causal, 2)).toBe(1 + 2 + 1022 * 3);
    expect(pairs(dense, 1)).toBe(2 + 1022 * 3 + 2);
    expect(pairs(dense, 1024)).toBe(1024 ** 2);
  });

  it('counts packed sequences by themselves', () => {
    const packed = selfAttention(30, { options: { lengths: [10, 20] } });
    expect(operations(packed, 'forward')).toBe(4 * 8 * 64 * (100 + 400));
  });

  it('takes nothing off for a mask', () => {
    expect(operations(withOptions(dense, { mask: true }), 'forward')).toBe(operations(dense, 'forward'));
  });
});

describe('leastBytes', () => {
  it('counts every tensor once, keys and values by their own heads', () => {
    const token = { ...dense, queries: 1, kvHeads: 2 };
    expect(leastBytes(token, 'forward')).toBe(4 * 64 * (2 * 8 + 2 * 2 * 1024));
  });

  it('counts int8 caches with their scales', () => {
    const token = withOptions({ ...dense, queries: 1 }, { int8: true });
    expect(leastBytes(token, 'forward')).toBe(2 * 8 * 1024 * (64 + 4) + 2 * 8 * 64 * 4);
  });
});

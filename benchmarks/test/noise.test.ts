import { describe, expect, it } from 'vitest';
import { isSteady, spread } from '../attention/noise.js';

describe('spread', () => {
  it('is the smallest, the quartiles and the middle', () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ min: 1, lower: 2, median: 3, upper: 4, rounds: 5 });
    expect(spread([7])).toEqual({ min: 7, lower: 7, median: 7, upper: 7, rounds: 1 });
    expect(() => spread([])).toThrow(/at least one value/);
  });
});

describe('isSteady', () => {
  it('looks at the quartiles, not at a single outlier', () => {
    expect(isSteady(spread([0.5, 1.01, 1.02, 1.03, 9]))).toBe(true);
    expect(isSteady(spread([1, 1, 1.06, 1.2, 1.2]))).toBe(false);
  });

  it('asks it of each', () => {
    const [calm, wild] = [spread([1, 1, 1]), spread([1, 2, 3])];
    expect(isSteady(calm, calm)).toBe(true);
    expect(isSteady(calm, wild)).toBe(false);
  });

  it('allows more where the median is of more rounds', () => {
    const quartiles = [1, 1, 1.04, 1.08, 1.08];
    const twice = [1, 1, 1, 1.02, 1.04, 1.06, 1.08, 1.08, 1.08, 1.08, 1.08];
    expect(isSteady(spread(quartiles))).toBe(false);
    expect(isSteady(spread(twice))).toBe(true);
  });

  it('takes nothing from fewer than three rounds', () => {
    expect(isSteady(spread([1, 1]))).toBe(false);
  });
});

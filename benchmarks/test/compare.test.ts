import { describe, expect, it } from 'vitest';
import { compareCurves, tailMean } from '../demo/compare.js';

describe('compareCurves', () => {
  it('reports the largest relative difference of the first steps', () => {
    const difference = compareCurves([4, 2, 1], [4, 2.002, 1.5], 2);
    expect(difference.early).toBeCloseTo(1e-3, 12);
    expect(difference.steps).toBe(2);
    expect(difference.end).toBeCloseTo(0.5, 12);
  });

  it('does not let a NaN pass as agreement', () => {
    expect(compareCurves([4, 2], [4, Number.NaN]).early).toBe(Number.POSITIVE_INFINITY);
    expect(compareCurves([4, 2], [4, Number.NaN]).end).toBe(Number.POSITIVE_INFINITY);
    expect(compareCurves([4, 2, 1], [Number.NaN, 2, 1]).early).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses curves of different length', () => {
    expect(() => compareCurves([1], [1, 2])).toThrow(/expected two loss curves of one length/);
  });
});

describe('tailMean', () => {
  it('averages the last tenth', () => {
    expect(tailMean([...Array(18).fill(9), 1, 3])).toBe(2);
    expect(tailMean([7])).toBe(7);
  });
});

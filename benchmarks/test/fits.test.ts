import { describe, expect, it } from 'vitest';
import { fitPowerLaw, valueAt } from '../report/fits.js';

describe('fitPowerLaw', () => {
  const law = (factor: number, exponent: number) =>
    [1024, 2048, 4096, 16384].map((x) => ({ x, y: factor * x ** exponent }));

  it.each([
    [3e-9, 2],
    [0.5, 1],
    [7, 0],
  ])('finds factor %d and exponent %d', (factor, exponent) => {
    const fit = fitPowerLaw(law(factor, exponent));
    expect(fit.exponent).toBeCloseTo(exponent, 10);
    expect(fit.factor / factor).toBeCloseTo(1, 8);
    expect([fit.from, fit.to]).toEqual([1024, 16384]);
    expect(valueAt(fit, 8192) / (factor * 8192 ** exponent)).toBeCloseTo(1, 8);
  });

  it('counts ratios: points twice too high and twice too low at the ends turn the line by a known angle', () => {
    const [first, last] = [
      { x: 1, y: 2 },
      { x: 16, y: 16 ** 2 / 2 },
    ];
    expect(fitPowerLaw([first, last]).exponent).toBeCloseTo(2 - 2 / 4, 10);
  });

  it('refuses what has no fit', () => {
    expect(() => fitPowerLaw([{ x: 1, y: 1 }])).toThrow(/two lengths/);
    expect(() => fitPowerLaw([...law(1, 2), { x: 8, y: 0 }])).toThrow(/positive/);
    expect(() => fitPowerLaw([...law(1, 2), { x: 8, y: Number.NaN }])).toThrow(/positive/);
  });
});

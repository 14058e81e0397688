import { describe, expect, it } from 'vitest';
import { numberFormats } from '../src/data/number-formats.js';
import { accuracyBound, largestError } from '../src/expect/bound.js';
import { bitDifference, type Expectation, mismatch, quantumOf } from '../src/expect/compare.js';
import type { DType, Tensor } from '../src/types.js';

function tensor(values: number[], dtype: DType = 'float32', shape: number[] = [values.length]): Tensor {
  const { view, bytes, encode } = numberFormats[dtype];
  const data = view(new ArrayBuffer(values.length * bytes), 0, values.length);
  data.set(encode(values));
  return { data, shape, dtype };
}
const truth = (values: number[], more: Partial<Expectation> = {}): Expectation => ({
  name: 'out',
  shape: [values.length],
  dtype: 'float32',
  values,
  bound: 0,
  ...more,
});
const compare = (got: number[], expected: number[], bound = 0): string | undefined =>
  mismatch(tensor(got), truth(expected, { bound }));

describe('mismatch', () => {
  it.each([
    ['equal values', [1, -2, 0.5], [1, -2, 0.5]],
    ['NaN where NaN is due', [NaN, 1], [NaN, 1]],
    ['the same infinities', [Infinity, -Infinity], [Infinity, -Infinity]],
    ['-0 for 0', [-0], [0]],
    ['0 for -0', [0], [-0]],
    ['no elements at all', [], []],
  ])('accepts %s', (_, got, expected) => expect(compare(got, expected)).toBeUndefined());

  it.each([
    ['NaN for a number', [NaN], [1]],
    ['a number for NaN', [1], [NaN]],
    ['0 for NaN', [0], [NaN]],
    ['NaN for Infinity', [NaN], [Infinity]],
    ['Infinity for NaN', [Infinity], [NaN]],
    ['-Infinity for Infinity', [-Infinity], [Infinity]],
    ['Infinity for -Infinity', [Infinity], [-Infinity]],
    ['a number for -Infinity', [-3.4e38], [-Infinity]],
    ['Infinity for a number', [Infinity], [3.4e38]],
    ['a NaN in another place', [NaN, 1], [1, NaN]],
  ])('rejects %s however wide the bound', (_, got, expected) =>
    expect(compare(got, expected, 1e300)).toMatch(/^out\[\d\]: expected/),
  );

  it.each([
    ['the wrong sign', [5], [-5], 1],
    ['a wrong negative value', [-50], [-5], 1],
    ['anything but 0 for an all-zero truth and bound 0', [1e-45], [0], 0],
    ['one element of many', [1, 1, 1.5, 1], [1, 1, 1, 1], 0.25],
  ])('rejects %s', (_, got, expected, bound) => expect(compare(got, expected, bound)).toMatch(/off by/));

  it('names the worst element, both values and the bound', () => {
    const message = mismatch(
      tensor([1, 2.5, 3, 4], 'float32', [2, 2]),
      truth([1, 2, 3.25, 4], { shape: [2, 2], bound: 0.125 }),
    );
    expect(message).toBe('out[0, 1]: expected 2, got 2.5; off by 5.000e-1, bound 1.250e-1 (4.00 times the bound)');
  });

  it('rejects a shape of the same size', () => {
    expect(mismatch(tensor([1, 2, 3, 4], 'float32', [4, 1]), truth([1, 2, 3, 4], { shape: [2, 2] }))).toContain(
      'expected shape [2, 2], got [4, 1]',
    );
    expect(mismatch(tensor([1, 2], 'float32', [2]), truth([1, 2], { shape: [2, 1] }))).toContain('shape');
  });

  it('rejects another dtype with the same bits', () => {
    expect(mismatch(tensor([1], 'bfloat16'), truth([1], { dtype: 'float16' }))).toBe(
      'out: expected dtype float16, got bfloat16',
    );
  });

  it('rejects data that ends before the shape', () => {
    expect(mismatch(tensor([1, 2], 'float32', [3]), truth([1, 2, 3]))).toContain('expected 12 bytes');
    expect(mismatch(tensor([1, 2]), truth([1, 2], { values: [1, 2, 3] }))).toBe('out: expected 3 elements, got 2');
  });

  it('rejects a bound that bounds nothing', () => {
    for (const bound of [NaN, Infinity, -1]) expect(compare([1], [1], bound)).toContain('finite bound');
  });

  it('wants exactly 0 where the contract says 0', () => {
    const expected = truth([0, 0], { bound: 1, exactZero: [1, 0] });
    expect(mismatch(tensor([1e-30, 0.5]), expected)).toBe(`out[0]: expected exactly 0, got ${Math.fround(1e-30)}`);
    expect(mismatch(tensor([-0, 0.5]), expected)).toBeUndefined();
  });

  it.each(['float32', 'float16', 'bfloat16'] as const)(
    'sees one step of %s beyond the bound and not one inside',
    (dtype) => {
      const quantum = numberFormats[dtype].quantum(1.5);
      const off = tensor([1.5 + quantum], dtype);
      expect(mismatch(off, truth([1.5], { dtype, bound: quantum }))).toBeUndefined();
      expect(mismatch(off, truth([1.5], { dtype, bound: quantum * 0.99 }))).toContain('off by');
    },
  );

  it('reads through strides', () => {
    const strided: Tensor = { data: Float32Array.of(1, NaN, 2, NaN), shape: [2, 1], strides: [2, 1], dtype: 'float32' };
    expect(mismatch(strided, truth([1, 2], { shape: [2, 1] }))).toBeUndefined();
  });
});

describe('bitDifference', () => {
  it('tells -0 from 0 and takes NaN for NaN', () => {
    expect(bitDifference(tensor([0, NaN]), tensor([0, NaN]))).toBeUndefined();
    expect(bitDifference(tensor([1, 0]), tensor([1, -0]))).toBe('[1]: 0 against 0');
    expect(bitDifference(tensor([1]), tensor([1 + 2 ** -23]))).toContain('[0]: 1 against');
    expect(bitDifference(tensor([1]), tensor([1, 2]))).toContain('against');
  });
});

describe('accuracyBound', () => {
  it('is the factor times the naive error, plus one step at the largest magnitude', () => {
    const rule = { dtype: 'float32', reference: [1, -4], naiveError: 0.25, factor: 2 } as const;
    expect(accuracyBound(rule)).toBe(0.5 + 2 ** -21);
    expect(accuracyBound({ ...rule, factor: 3 })).toBe(0.75 + 2 ** -21);
    expect(accuracyBound({ ...rule, largestLse: 8 })).toBe(0.5 + 2 ** -21 + 8 * 2 ** -23 * 4);
    expect(accuracyBound({ ...rule, lost: 0.125 })).toBe(0.5 + 2 ** -21 + 0.125);
  });

  it('of an all-zero truth is the smallest number that may be flushed', () => {
    expect(accuracyBound({ dtype: 'float32', reference: [0, 0], naiveError: 0, factor: 2 })).toBe(2 ** -126);
    expect(accuracyBound({ dtype: 'float16', reference: [0, 0], naiveError: 0, factor: 2 })).toBe(2 ** -24);
  });

  it('takes the step at the largest finite element', () => {
    expect(accuracyBound({ dtype: 'float32', reference: [NaN, Infinity, 1], naiveError: 0, factor: 2 })).toBe(2 ** -23);
  });
});

describe('largestError', () => {
  it('leaves elements out that are not finite', () => {
    expect(largestError([NaN, Infinity, 1, NaN], [NaN, Infinity, 1.5, 1])).toBe(0.5);
  });

  it('refuses results of another length', () => {
    expect(() => largestError([], [0])).toThrow('expected 1 elements');
  });
});

describe('quantumOf', () => {
  it.each([
    ['float32', 1, 2 ** -23],
    ['float32', 1.999, 2 ** -23],
    ['float32', 2, 2 ** -22],
    ['float32', 1e-40, 2 ** -149],
    ['float16', 1, 2 ** -10],
    ['float16', 65504, 32],
    ['float16', 1e-6, 2 ** -24],
    ['bfloat16', 3, 2 ** -6],
  ] as const)('%s at %d', (dtype, value, quantum) =>
    expect(quantumOf([value, -value / 3, NaN, Infinity], dtype)).toBe(quantum),
  );
});

import * as reference from '@fa-metal/reference';
import { describe, expect, it } from 'vitest';
import { philoxKnownAnswers } from '../../reference/test-support/philox-known-answers.js';
import { type DropoutMaskOptions, dropoutMask } from '../src/index.js';
import { philox4x32 } from '../src/philox.js';

describe('philox4x32', () => {
  it.each(philoxKnownAnswers)('has the published words of counter %o', (counter, key, words) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });
});

describe('dropoutMask', () => {
  it.each<DropoutMaskOptions>([
    { rate: 0.25, seed: 7n, shape: [2, 3, 5, 7] },
    { rate: 0.999, seed: 2n ** 64n - 1n, shape: [1, 1, 2, 64] },
    { rate: 0.5, seed: 0x123456789abcdefn, shape: [1, 2, 3, 9] },
  ])('is the mask of the contract: %o', (options) => {
    const mask = dropoutMask(options);
    expect(mask.dtype).toBe('bool');
    expect(mask.shape).toEqual(options.shape);
    expect(mask.data).toEqual(reference.dropoutMask(options).data);
  });

  it('keeps word >= floor(rate * 2^32): the first row by hand', () => {
    const words = [...philox4x32([0, 1, 0, 0], [9, 0]), ...philox4x32([1, 1, 0, 0], [9, 0])];
    const rate = (words[2] as number) / 2 ** 32;
    const second = [...(dropoutMask({ rate, seed: 9n, shape: [1, 1, 2, 6] }).data as Uint8Array)].slice(6);
    expect(second).toEqual(words.slice(0, 6).map((word) => Number(word >= (words[2] as number))));
    expect(second[2]).toBe(1);
  });

  it('keeps everything at rate 0, and about 1 - rate otherwise', () => {
    const kept = (rate: number) =>
      (dropoutMask({ rate, seed: 3n, shape: [1, 1, 100, 1000] }).data as Uint8Array).reduce((sum, bit) => sum + bit, 0);
    expect(kept(0)).toBe(100_000);
    // Five standard deviations of a binomial distribution.
    expect(Math.abs(kept(0.1) - 90_000)).toBeLessThan(5 * Math.sqrt(100_000 * 0.1 * 0.9));
  });

  it('gives an empty mask for an empty shape', () => {
    expect(dropoutMask({ rate: 0.5, seed: 0n, shape: [0, 4, 4, 4] }).data).toHaveLength(0);
  });

  it.each([
    ['rate', { rate: 1 }],
    ['rate', { rate: -0.1 }],
    ['rate', { rate: Number.NaN }],
    ['rate', { rate: '0.5' }],
    ['seed', { seed: 5 }],
    ['seed', { seed: -1n }],
    ['seed', { seed: 2n ** 64n }],
    ['shape', { shape: [1, 1, 1] }],
    ['shape', { shape: [1, 1, 1, -1] }],
    ['shape', { shape: [1, 1, 1, 0.5] }],
    ['shape', { shape: 4 }],
  ])('refuses a bad %s: %o', (argument, wrong) => {
    const options = { rate: 0.5, seed: 1n, shape: [1, 1, 1, 1], ...wrong } as DropoutMaskOptions;
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', argument });
    expect(() => dropoutMask(options)).toThrow(refused);
    expect(() => dropoutMask(options)).toThrow(`[dropoutMask] ${argument}: expected `);
  });
});

import { describe, expect, test } from 'vitest';
import { attention, dropoutMask, philox4x32 } from '../src/index.js';
import { philoxKnownAnswers } from '../test-support/philox-known-answers.js';
import { randomTensor } from '../test-support/random.js';

type Counter = readonly [number, number, number, number];
type Key = readonly [number, number];

/** The generator again, in arbitrary precision. */
function philoxByBigInt(counter: Counter, key: Key): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (x: bigint) => BigInt.asUintN(32, x);
  for (let round = 0; round < 10; round++) {
    const [product0, product1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, low(product1), (product0 >> 32n) ^ c3 ^ k1, low(product0)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

describe('philox4x32-10', () => {
  test.each(philoxKnownAnswers)('counter %j, key %j', (counter, key, words) => {
    expect([...philox4x32(counter, key)]).toEqual(words);
    expect(philoxByBigInt(counter, key)).toEqual(words);
  });

  test('agrees with arbitrary precision on many counters', () => {
    for (let n = 0; n < 2000; n++) {
      const [a, b] = [Math.imul(n, 0x9e3779b1) >>> 0, Math.imul(n, 0x85ebca6b) >>> 0];
      expect([...philox4x32([a, b, n, a ^ 5], [b, a >>> 3])]).toEqual(
        philoxByBigInt([a, b, n, (a ^ 5) >>> 0], [b, a >>> 3]),
      );
    }
  });
});

describe('dropoutMask', () => {
  const shape = [2, 3, 4, 11] as const;

  test('keeps where word j mod 4 of counter (j / 4, i, h, b) reaches the threshold', () => {
    const seed = 0x12345678_9abcdef0n;
    const mask = dropoutMask({ rate: 0.3, seed, shape: [...shape] });
    mask.data.forEach((keep, index) => {
      const j = index % 11;
      const i = Math.floor(index / 11) % 4;
      const h = Math.floor(index / 44) % 3;
      const b = Math.floor(index / 132);
      const word = philoxByBigInt([Math.floor(j / 4), i, h, b], [0x9abcdef0, 0x12345678])[j % 4]!;
      expect(keep).toBe(word >= Math.floor(0.3 * 2 ** 32) ? 1 : 0);
    });
    expect(mask.shape).toEqual(shape);
  });

  test('keeps a word that equals the threshold', () => {
    const firstWord = 0x6627e8d5;
    const first = (threshold: number) =>
      dropoutMask({ rate: threshold / 2 ** 32, seed: 0n, shape: [1, 1, 1, 1] }).data[0];
    expect([first(firstWord), first(firstWord + 1)]).toEqual([1, 0]);
  });

  test('keeps a share of 1 - rate', () => {
    for (const rate of [0, 0.1, 0.5, 0.9]) {
      const { data } = dropoutMask({ rate, seed: 7n, shape: [1, 2, 100, 500] });
      const share = data.reduce((sum, keep) => sum + keep, 0) / data.length;
      expect(Math.abs(share - (1 - rate))).toBeLessThan(rate === 0 ? 1e-15 : 0.008);
    }
  });

  test('is what attention drops, and lse does not see it', () => {
    const [q, k, v] = [randomTensor(1, [2, 3, 4, 8]), randomTensor(2, [2, 3, 11, 8]), randomTensor(3, [2, 3, 11, 8])];
    const keep = dropoutMask({ rate: 0.6, seed: 99n, shape: [...shape] });
    const bySeed = attention({ q, k, v, options: { dropout: { rate: 0.6, seed: 99n } } });
    expect(bySeed).toEqual(attention({ q, k, v, options: { dropout: { rate: 0.6, keep } } }));
    expect(bySeed.lse).toEqual(attention({ q, k, v }).lse);
    expect(bySeed.out).not.toEqual(attention({ q, k, v }).out);
  });
});

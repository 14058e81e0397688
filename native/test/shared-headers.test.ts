import { describe, expect, test } from 'vitest';
import { philox4x32 } from '../../packages/core/src/philox.js';
import { philoxKnownAnswers } from '../../packages/reference/test-support/philox-known-answers.js';
import { asCpp, asMsl } from './shared-headers.js';
import { missing } from './software-device.js';

/** Words that a linear congruential generator draws. */
function words(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The low bits of such a generator repeat soon.
    return (state >>> 8) ^ (Math.imul(state, 0x9e3779b1) & 0xff000000);
  });
}

const unsigned = (values: Int32Array): number[] => Array.from(values, (value) => value >>> 0);

/** Seed, then counter, as philox_words takes them. */
const drawn = Array.from({ length: 2000 }, (_, index) => words(6, index + 1).map((word) => word >>> 0));
const drawnWords = drawn.flatMap(([low, high, ...counter]) =>
  philox4x32(counter as unknown as Parameters<typeof philox4x32>[0], [low!, high!]),
);

describe.each([
  { language: 'C++', compute: asCpp, skipped: '' },
  { language: 'MSL', compute: asMsl, skipped: missing },
])('philox.h as $language$skipped', ({ compute, skipped }) => {
  test.skipIf(skipped)('gives the published words', () => {
    const samples = philoxKnownAnswers.flatMap(([counter, key]) => [...key, ...counter]);
    const published = philoxKnownAnswers.flatMap(([, , random]) => random);
    expect(
      unsigned(
        compute(
          'philox',
          Int32Array.from(samples, (word) => word | 0),
        ),
      ),
    ).toEqual(published);
  });

  test.skipIf(skipped)('gives the words that dropoutMask draws', () => {
    expect(
      unsigned(
        compute(
          'philox',
          Int32Array.from(drawn.flat(), (word) => word | 0),
        ),
      ),
    ).toEqual(drawnWords);
  });
});

/** offset, bottomRight, causal, left, right, queries, keys, first row, rows, block; sizes to 70, windows -1 to 8. */
function bandSample(index: number): number[] {
  const [offset, corner, causal, left, right, queries, keys, row, rows, block] = words(10, index + 1).map(Math.abs);
  const length = 1 + (queries! % 70);
  const first = row! % length;
  return [
    (offset! % 141) - 70,
    corner! % 2,
    causal! % 2,
    (left! % 10) - 1,
    (right! % 10) - 1,
    length,
    keys! % 71,
    first,
    1 + (rows! % (length - first)),
    [8, 16, 32, 64][block! % 4]!,
  ];
}

test.skipIf(missing)(`key_band.h gives the same as C++ and as MSL${missing}`, () => {
  const samples = 20_000;
  const rows = Int32Array.from(Array.from({ length: samples }, (_, index) => bandSample(index)).flat());
  const results = asCpp('bands', rows);
  expect(results.length).toBe(12 * samples);
  // Not all of one kind: some blocks seen in part, some whole.
  const seen = results.filter((_, at) => at % 12 === 4 && results[at]! > results[at - 1]!).length;
  const whole = results.filter((_, at) => at % 12 === 6 && results[at]! > results[at - 1]!).length;
  expect(Math.min(seen, whole)).toBeGreaterThan(samples / 20);
  expect(asMsl('bands', rows)).toEqual(results);
});

import { describe, expect, test } from 'vitest';
import {
  type FloatDType,
  fromBfloat16,
  fromFloat16,
  quantum,
  roundAll,
  roundTo,
  toBfloat16,
  toFloat16,
} from '../src/index.js';

/** Every finite non-negative number of a 16-bit format, ascending. */
const float16Values = fromFloat16(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits));
const bfloat16Values = fromBfloat16(Uint16Array.from({ length: 0x7f80 }, (_, bits) => bits));

describe.each([
  ['float16', float16Values, toFloat16, fromFloat16, 2 ** -24, 65504],
  ['bfloat16', bfloat16Values, toBfloat16, fromBfloat16, 2 ** -133, 255 * 2 ** 120],
] as const)('%s', (dtype, values, toBits, fromBits, smallest, largest) => {
  test('has the range of its format', () => {
    expect([values[0], values[1], values.at(-1)]).toEqual([0, smallest, largest]);
    expect([...fromBits(toBits([Infinity, -Infinity, NaN, -0]))]).toEqual([Infinity, -Infinity, NaN, -0]);
  });

  test('every number goes to bits and back', () => {
    expect(toBits(values)).toEqual(Uint16Array.from(values, (_, bits) => bits));
    expect(fromBits(toBits(values.map((x) => -x)))).toEqual(values.map((x) => -x));
  });

  test('rounds to nearest, ties to even, never twice', () => {
    for (let bits = 0; bits + 1 < values.length; bits += 7) {
      const [below, above] = [values[bits]!, values[bits + 1]!];
      const middle = (below + above) / 2;
      expect(roundTo(dtype, middle)).toBe(bits % 2 === 0 ? below : above);
      // So close to the tie that rounding to float32 first would land on it.
      expect(roundTo(dtype, middle * (1 - 2 ** -45))).toBe(below);
      expect(roundTo(dtype, middle * (1 + 2 ** -45))).toBe(above);
      expect(roundTo(dtype, -middle * (1 + 2 ** -45))).toBe(-above);
    }
  });

  test('overflows to infinity half a step above the largest', () => {
    const step = quantum(dtype, largest);
    expect(roundTo(dtype, largest + 0.49 * step)).toBe(largest);
    expect(roundTo(dtype, largest + 0.5 * step)).toBe(Infinity);
    expect(roundTo(dtype, -1e300)).toBe(-Infinity);
    expect(roundTo(dtype, 1e-300)).toBe(0);
  });

  test('quantum is the gap to the next number', () => {
    for (let bits = 0; bits + 1 < values.length; bits += 5) {
      expect(quantum(dtype, -values[bits]!)).toBe(values[bits + 1]! - values[bits]!);
    }
  });
});

test('float32', () => {
  expect(roundTo('float32', 0.1)).toBe(Math.fround(0.1));
  expect([0, 1, 1.99, 2, 2 ** -126, 2 ** -149, 3e38, 1e300].map((x) => quantum('float32', x))).toEqual([
    2 ** -149,
    2 ** -23,
    2 ** -23,
    2 ** -22,
    2 ** -149,
    2 ** -149,
    2 ** 104,
    2 ** 104,
  ]);
});

test('roundAll rounds every element', () => {
  const values = [0.1, -1e-3, 12345.678];
  for (const dtype of ['float32', 'float16', 'bfloat16'] satisfies FloatDType[]) {
    expect([...roundAll(dtype, values)]).toEqual(values.map((x) => roundTo(dtype, x)));
  }
});

// Results in half precision are rounded to nearest, ties to even, on every instruction set.
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../packages/core/src/types.js';
import { addon, backwardCall, forwardCall, zeros } from './addon.js';

type Half = 'float16' | 'bfloat16';

/** Width 5: less than a vector, and more, on some instruction set each. */
const width = 5;

function tensor(dtype: Half, rows: readonly number[]): Tensor {
  const made = zeros([1, 1, rows.length, width], dtype);
  for (const [row, bits] of rows.entries()) (made.data as Uint16Array).fill(bits, row * width, (row + 1) * width);
  return made;
}

function calls(dtype: Half, q: readonly number[], k: readonly number[], v: readonly number[]) {
  const forward = forwardCall({
    batch: 1,
    queryHeads: 1,
    kvHeads: 1,
    queries: q.length,
    keys: k.length,
    width,
    valueWidth: width,
  });
  Object.assign(forward, { q: tensor(dtype, q), k: tensor(dtype, k), v: tensor(dtype, v) });
  forward.out = tensor(
    dtype,
    q.map(() => 0),
  );
  return forward;
}

/** dv of two rows that see one key: the sum of their dOut, in float32 before it is rounded. */
function sumOf(isa: string, dtype: Half, first: number, second: number): Uint16Array {
  const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 1, isa });
  const forward = calls(dtype, [0, 0], [0], [0]);
  device.forward(forward);
  const dOut = tensor(dtype, [first, second]);
  const gradients = { dq: tensor(dtype, [0, 0]), dk: tensor(dtype, [0]), dv: tensor(dtype, [0]) };
  device.backward({ ...backwardCall(forward), dOut, ...gradients });
  device.close();
  return gradients.dv.data as Uint16Array;
}

/** out of one row that sees two keys alike: the mean of their values. */
function meanOf(isa: string, dtype: Half, first: number, second: number): Uint16Array {
  const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 1, isa });
  const forward = calls(dtype, [0], [0, 0], [first, second]);
  device.forward(forward);
  device.close();
  return forward.out.data as Uint16Array;
}

const sums: [string, Half, number, number, number][] = [
  ['1 + 2^-11, a tie, goes down to 1', 'float16', 0x3c00, 0x1000, 0x3c00],
  ['1 + 3 * 2^-11, a tie, goes up', 'float16', 0x3c01, 0x1000, 0x3c02],
  ['1 + a little more than 2^-11 goes up', 'float16', 0x3c00, 0x1001, 0x3c01],
  ['65504 + 15.99 stays finite', 'float16', 0x7bff, 0x4bff, 0x7bff],
  ['65504 + 16 is infinite', 'float16', 0x7bff, 0x4c00, 0x7c00],
  ['-65504 - 16 is minus infinity', 'float16', 0xfbff, 0xcc00, 0xfc00],
  ['1 + 2^-8, a tie, goes down to 1', 'bfloat16', 0x3f80, 0x3b80, 0x3f80],
  ['1 + 3 * 2^-8, a tie, goes up', 'bfloat16', 0x3f81, 0x3b80, 0x3f82],
  ['1 + a little more than 2^-8 goes up', 'bfloat16', 0x3f80, 0x3b81, 0x3f81],
  ['the largest number and half a step are infinite', 'bfloat16', 0x7f7f, 0x7b00, 0x7f80],
];

const means: [string, Half, number, number, number][] = [
  ['half of the smallest number, a tie, is 0', 'float16', 0x0001, 0x0000, 0x0000],
  ['one and a half of the smallest number, a tie, is two', 'float16', 0x0003, 0x0000, 0x0002],
];

describe.each(addon.instructionSets())('%s', (isa) => {
  test.each(sums)('%s (%s)', (_, dtype, first, second, expected) => {
    expect(Array.from(sumOf(isa, dtype, first, second))).toEqual(Array(width).fill(expected));
  });

  test.each(means)('%s (%s)', (_, dtype, first, second, expected) => {
    expect(Array.from(meanOf(isa, dtype, first, second))).toEqual(Array(width).fill(expected));
  });

  // Rounding by an addition alone would carry the bits of this NaN into the sign.
  test('a NaN with every bit set stays NaN in bfloat16', () => {
    const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 1, isa });
    const forward = calls('bfloat16', [0], [0x3f80], [0x3f80]);
    const bias = zeros([1, 1, 1, 1]);
    new Uint32Array((bias.data as Float32Array).buffer)[0] = 0x7fffffff;
    forward.options = { bias };
    device.forward(forward);
    device.close();
    for (const bits of forward.out.data as Uint16Array) expect(bits & 0x7fff).toBeGreaterThan(0x7f80);
  });
});

import { fromFloat16 as decode, toFloat16 as encode } from '@fa-metal/reference';
import { expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../src/data/float16.js';

const patterns = Uint16Array.from({ length: 1 << 16 }, (_, pattern) => pattern);

it('decodes every pattern as the reference does', () => {
  expect(fromFloat16(patterns)).toEqual(decode(patterns));
});

it('encodes every value, and the halves between, as the reference does', () => {
  const values = fromFloat16(patterns.filter((pattern) => (pattern & 0x7c00) !== 0x7c00));
  const between = values.map((value, index) => (value + (values[index + 1] ?? value)) / 2);
  for (const list of [values, between, [NaN, Infinity, -Infinity, -0, 65519.99, 65520, 1e30, -1e-30]]) {
    expect(toFloat16(list)).toEqual(encode(list));
  }
});

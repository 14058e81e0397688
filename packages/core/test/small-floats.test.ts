import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '@fa-metal/reference';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bfloat16, decode, encode, float16 } from '../src/small-floats.js';

const formats = [
  { name: 'float16', format: float16, decodeAll: fromFloat16, encodeAll: toFloat16 },
  { name: 'bfloat16', format: bfloat16, decodeAll: fromBfloat16, encodeAll: toBfloat16 },
];

const everyPattern = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

describe.each(formats)('$name', ({ format, decodeAll, encodeAll }) => {
  it('decodes every pattern', () => {
    const decoded = Float64Array.from(everyPattern, (bits) => decode(bits, format));
    expect(decoded).toEqual(decodeAll(everyPattern));
  });

  it('encodes every number that it can hold as itself', () => {
    for (const bits of everyPattern) {
      const value = decode(bits, format);
      if (!Number.isNaN(value)) expect(encode(value, format)).toBe(bits);
    }
  });

  it('keeps NaN', () => {
    expect(decode(encode(Number.NaN, format), format)).toBeNaN();
  });

  it('rounds to nearest, ties to even', () => {
    const finite = fc.oneof(
      fc.float({ noNaN: true }),
      fc.integer({ min: 0, max: 0x7bff }).map((bits) => decode(bits, format) * (1 + 2 ** -11)),
    );
    fc.assert(
      fc.property(finite, (value) => encode(Math.fround(value), format) === encodeAll([Math.fround(value)])[0]),
      { numRuns: 5000 },
    );
  });

  it('overflows to infinity from half a step beyond the largest number on', () => {
    const largestBits = format === float16 ? 0x7bff : 0x7f7f;
    const largest = decode(largestBits, format);
    const step = largest - decode(largestBits - 1, format);
    expect(decode(encode(largest + 0.499 * step, format), format)).toBe(largest);
    expect(decode(encode(largest + 0.5 * step, format), format)).toBe(Infinity);
    expect(decode(encode(-largest * 2, format), format)).toBe(-Infinity);
  });
});

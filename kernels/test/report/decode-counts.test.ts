// Decode, counted by the software device: the heads of a group share what is read of K and V.
import { describe, expect, it } from 'vitest';
import { bytesRead, figure, products } from '../../report/count.js';
import { binding } from '../../report/fa-headers.js';
import { countsOf } from '../../report/measure.js';
import { elementBytes, variantNamed } from '../../report/variants.js';
import { missing } from '../softmetal.js';

const keyLength = 1024;
const group = { batch: 1, queryHeads: 8, kvHeads: 1, queryLength: 1, keyLength, causal: false };

describe.skipIf(missing).each(['decode_f16_64', 'decode_f16_128', 'decode_f32_128', 'decode_f16_576x512'])(
  `%s, a group of 8 heads, L = 1024${missing}`,
  (name) => {
    it.each([1, 4])('%i splits', async (splits) => {
      const variant = variantNamed(name);
      const { width, valueWidth, block, rows } = variant;
      const counts = await countsOf(variant, { ...group, splits });

      expect(bytesRead(counts, binding('kK'))).toBe(keyLength * width * elementBytes(variant));
      expect(bytesRead(counts, binding('kV'))).toBe(keyLength * valueWidth * elementBytes(variant));
      expect(products(counts)).toBe((rows * keyLength * (width + valueWidth)) / 8 ** 3);
      // Scores of a block meet in one of two pages. Before the first, queries are staged; after the last, every
      // simdgroup tells whether it met a NaN that it did not expect.
      expect(figure(counts, 'threadgroup_barriers')).toBe(keyLength / block + 2 * splits);
      expect(figure(counts, 'atomics')).toBe(0);
    });
  },
);

// What the committed kernels do, counted by the software device at L = 1024 in one head, against what their tiles allow.
import { describe, expect, it } from 'vitest';
import { bytesRead, type Counts, figure, products } from '../../report/count.js';
import type { Shape } from '../../report/dispatch.js';
import { binding } from '../../report/fa-headers.js';
import { countsOf } from '../../report/measure.js';
import { elementBytes, groupRows, type Variant, variantNamed } from '../../report/variants.js';
import { missing } from '../softmetal.js';

const length = 1024;

/** Products of a block of scores: S and P V; S, dP and dS K; S, dP, P^T dO and dS^T Q. */
const productsPerBlock: Record<string, number> = { forward: 2, dq: 3, dkv: 4 };

/** Rounded for the matrix unit: P; dS; both. */
const roundedPerScore: Record<string, number> = { forward: 1, dq: 1, dkv: 2 };
const outputs: Record<string, number> = { forward: 1, dq: 1, dkv: 2 };

/**
 * Barriers of a threadgroup for each block that it stages. One before memory is written that others may still read, one
 * before others read what was written. Forward stages K and then V in the same memory: twice that, for half the memory,
 * which lets more threadgroups share a core. At its end it asks once whether some simdgroup met a NaN that it did not expect.
 */
const barriersAtEnd: Record<string, number> = { forward: 1, dq: 0, dkv: 0 };
const barriersPerBlock: Record<string, number> = { forward: 4, dq: 2, dkv: 2 };

/** Blocks of the traversed operand that some of these rows can meet: keys for query rows, query rows for keys. */
function visibleBlocks({ kernel, block }: Variant, first: number, rows: number, causal: boolean): number {
  const all = length / block;
  if (!causal) return all;
  return kernel === 'dkv' ? all - Math.floor(first / block) : Math.ceil((first + rows) / block);
}

/** The blocks that all owners of `rows` rows visit. */
function visits(variant: Variant, rows: number, causal: boolean): number {
  let sum = 0;
  for (let first = 0; first < length; first += rows) sum += visibleBlocks(variant, first, rows, causal);
  return sum;
}

/** What the tiling implies; a simdgroup skips every block that none of its own rows can see. */
function allowed(variant: Variant, causal: boolean) {
  const { kernel, rows, block, width } = variant;
  const bySimdgroups = visits(variant, rows, causal);
  const byThreadgroups = visits(variant, groupRows(variant), causal);
  const rowBytes = width * elementBytes(variant);
  const staged = byThreadgroups * block * rowBytes;
  // A dkv simdgroup reads its own rows of K and V again for each block, the others stage them.
  const keyReads = kernel === 'dkv' ? bySimdgroups * rows * rowBytes : staged;
  const scores = bySimdgroups * rows * block;
  return {
    products: ((productsPerBlock[kernel] as number) * scores * width) / 8 ** 3,
    keyReads,
    queryReads: kernel === 'dkv' ? staged : undefined,
    barriers:
      (barriersPerBlock[kernel] as number) * byThreadgroups +
      ((barriersAtEnd[kernel] as number) * length) / groupRows(variant),
    conversions: (roundedPerScore[kernel] as number) * scores + (outputs[kernel] as number) * length * width,
  };
}

const within = (found: number, expected: number, part: number) => {
  expect(found).toBeGreaterThanOrEqual(expected * (1 - part));
  expect(found).toBeLessThanOrEqual(expected * (1 + part));
};

const reads = (counts: Counts, name: string) => bytesRead(counts, binding(name));

describe.skipIf(missing).each(['forward', 'dq', 'dkv'])(`%s, float16, L = 1024${missing}`, (kernel) => {
  describe.each([64, 128])('D = %d', (width) => {
    it.each([
      ['dense', false],
      ['causal', true],
    ])('%s', async (_, causal) => {
      const variant = variantNamed(`${kernel}_f16_${width}`);
      const heads = { batch: 1, queryHeads: 1, kvHeads: 1 };
      const shape: Shape = { ...heads, queryLength: length, keyLength: length, causal, splits: 1 };
      const counts = await countsOf(variant, shape);
      const expected = allowed(variant, causal);

      within(products(counts), expected.products, 0.03);
      expect(figure(counts, 'matrix_f16'), 'products of operands that were widened').toBe(products(counts));
      within(reads(counts, 'kK'), expected.keyReads, 0.05);
      within(reads(counts, 'kV'), expected.keyReads, 0.05);
      if (expected.queryReads !== undefined) {
        within(reads(counts, 'kQ'), expected.queryReads, 0.05);
        within(reads(counts, 'kDOut'), expected.queryReads, 0.05);
      }
      expect(figure(counts, 'threadgroup_barriers')).toBeLessThanOrEqual(expected.barriers);
      expect(figure(counts, 'conversions'), 'conversions').toBeLessThanOrEqual(expected.conversions * 1.01);
      expect(figure(counts, 'atomics')).toBe(0);
    });
  });
});

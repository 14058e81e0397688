import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attention, dropoutMask } from '../src/index.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';
import { problemOf, shapes, swapHeadsAndTokens, tabulate } from '../test-support/shapes.js';

describe('keys and values in another storage', () => {
  test('packed sequences are dense batches of one', () => {
    const lengths = fc.array(fc.record({ queries: fc.nat(4), keys: fc.nat(5) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(lengths, fc.nat(), (sequences, seed) => {
        const starts = (lengthsOf: number[]) =>
          int32Tensor(0, ...lengthsOf.map((_, n) => lengthsOf.slice(0, n + 1).reduce((a, b) => a + b)));
        const cuSeqlensQ = starts(sequences.map((s) => s.queries));
        const cuSeqlensK = starts(sequences.map((s) => s.keys));
        const q = randomTensor(seed, [cuSeqlensQ.data.at(-1)!, 2, 4]);
        const k = randomTensor(seed + 1, [cuSeqlensK.data.at(-1)!, 1, 4]);
        const dropout = { rate: 0.3, seed: 9n };
        const packed = attention({
          q,
          k,
          v: k,
          options: { cuSeqlensQ, cuSeqlensK, causal: 'bottomRight', dropout },
        });
        const fullKeys = Math.max(...sequences.map((s) => s.keys));
        const fullQueries = Math.max(...sequences.map((s) => s.queries));
        const mask = dropoutMask({ ...dropout, shape: [sequences.length, 2, fullQueries, fullKeys] });
        sequences.forEach(({ queries, keys }, index) => {
          const cut = (tensor: typeof q, start: number, length: number, heads: number) =>
            swapHeadsAndTokens({
              data: tensor.data.slice(start * heads * 4, (start + length) * heads * 4),
              shape: [1, length, heads, 4],
            });
          const start = cuSeqlensQ.data[index]!;
          const single = { q: cut(q, start, queries, 2), k: cut(k, cuSeqlensK.data[index]!, keys, 1) };
          // Dropout counts the sequence as its batch, so the mask of a batch of one is cut out of the whole mask.
          const keep = tabulate(
            [1, 2, queries, keys],
            (_, h, i, j) => mask.data[((index * 2 + h) * fullQueries + i) * fullKeys + j]!,
          );
          const expected = attention({
            ...single,
            v: single.k,
            options: { causal: 'bottomRight', dropout: { rate: 0.3, keep } },
          });
          const rows = cut(packed.out, start, queries, 2);
          expect(rows.data).toEqual(expected.out.data);
          const total = cuSeqlensQ.data.at(-1)!;
          for (let h = 0; h < 2; h++) {
            const from = h * total + start;
            expect(packed.lse.data.slice(from, from + queries)).toEqual(
              expected.lse.data.slice(h * queries, (h + 1) * queries),
            );
          }
        });
      }),
    );
  });

  test('int8 keys and values in either layout have scales by head and token', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { q, k, v } = problemOf(shape);
        const scaleShape = k.shape.slice(0, 3);
        const [kScale, vScale] = [randomTensor(shape.seed + 3, scaleShape), randomTensor(shape.seed + 4, scaleShape)];
        const quantised = ({ data, shape: tokens }: typeof k) => ({
          data: Int8Array.from(data, (x) => Math.round(127 * x)),
          shape: tokens,
        });
        const [kInt8, vInt8] = [quantised(k), quantised(v)];
        const scaled = (tensor: typeof kInt8, scale: typeof kScale) => ({
          data: Float64Array.from(tensor.data, (x, n) => x * scale.data[Math.floor(n / tensor.shape[3]!)]!),
          shape: tensor.shape,
        });
        const expected = attention({ q, k: scaled(kInt8, kScale), v: scaled(vInt8, vScale) });
        expect(attention({ q, k: kInt8, v: vInt8, options: { kScale, vScale } })).toEqual(expected);
        const [kSwapped, vSwapped] = [swapHeadsAndTokens(kInt8), swapHeadsAndTokens(vInt8)];
        const options = { kScale, vScale, layout: 'blhd' } as const;
        const actual = attention({ q: swapHeadsAndTokens(q), k: kSwapped, v: vSwapped, options });
        expect(swapHeadsAndTokens(actual.out)).toEqual(expected.out);
      }),
    );
  });

  test('paged int8 keys and values are dense ones, gathered and scaled', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 4 }), (shape, pageSize) => {
        const { batch, kvHeads, keys, width, seed } = shape;
        const maxPages = Math.ceil(keys / pageSize);
        const pages = batch * maxPages;
        const integers = (offset: number) => {
          const { data } = randomTensor(seed + offset, [pages, pageSize, kvHeads, width]);
          return {
            data: Int8Array.from(data, (x) => Math.round(127 * x)),
            shape: [pages, pageSize, kvHeads, width],
          };
        };
        const [k, v] = [integers(1), integers(2)];
        const [kScale, vScale] = [
          randomTensor(seed + 3, [pages, pageSize, kvHeads]),
          randomTensor(seed + 4, [pages, pageSize, kvHeads]),
        ];
        // Sequences take their pages backwards from the end of the pool.
        const blockTable = {
          data: Int32Array.from({ length: pages }, (_, n) => pages - 1 - n),
          shape: [batch, maxPages],
        };
        const kvLengths = {
          data: Int32Array.from({ length: batch }, (_, b) => Math.max(0, keys - b)),
          shape: [batch],
        };
        const gather = (tensor: typeof k, scale: typeof kScale) =>
          tabulate([batch, kvHeads, maxPages * pageSize, width], (b, h, j, c) => {
            const slot = blockTable.data[b * maxPages + Math.floor(j / pageSize)]! * pageSize + (j % pageSize);
            return scale.data[slot * kvHeads + h]! * tensor.data[(slot * kvHeads + h) * width + c]!;
          });
        const { q } = problemOf(shape);
        expect(attention({ q, k, v, options: { blockTable, kvLengths, kScale, vScale } })).toEqual(
          attention({ q, k: gather(k, kScale), v: gather(v, vScale), options: { kvLengths } }),
        );
      }),
    );
  });
});

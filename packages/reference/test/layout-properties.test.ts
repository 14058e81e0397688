import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Problem, attention, attentionBackward, dropoutMask, mergeAttention } from '../src/index.js';
import { expectClose, expectSameResult } from '../test-support/expect.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';
import { problemOf, shapes, sliceTokens, swapHeadsAndTokens, tabulate } from '../test-support/shapes.js';

describe('the same attention in another form', () => {
  test('layout blhd is bhld with two axes exchanged, gradients too', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const problem = problemOf(shape, { causal: 'bottomRight' });
      const [q, k, v] = [problem.q, problem.k, problem.v].map(swapHeadsAndTokens) as [Problem['q'], Problem['k'], Problem['v']];
      const swapped: Problem = { q, k, v, options: { layout: 'blhd', causal: 'bottomRight' } };
      const expected = attention(problem);
      const actual = attention(swapped);
      expect(swapHeadsAndTokens(actual.out)).toEqual(expected.out);
      expect(actual.lse).toEqual(expected.lse);
      const dOut = randomTensor(shape.seed + 3, expected.out.shape);
      const gradients = attentionBackward(problem, { dOut });
      const swappedGradients = attentionBackward(swapped, { dOut: swapHeadsAndTokens(dOut) });
      for (const name of ['dq', 'dk', 'dv'] as const) expect(swapHeadsAndTokens(swappedGradients[name])).toEqual(gradients[name]);
    }));
  });

  test('a group of query heads shares its key and value head', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const { batch, kvHeads, group } = shape;
      const { q, k, v } = problemOf(shape);
      const repeat = (tensor: typeof k) => {
        const [, , tokens, width] = tensor.shape as [number, number, number, number];
        return tabulate([batch, kvHeads * group, tokens, width], (b, h, t, c) =>
          tensor.data[((b * kvHeads + Math.floor(h / group)) * tokens + t) * width + c]!);
      };
      expect(attention({ q, k: repeat(k), v: repeat(v) })).toEqual(attention({ q, k, v }));
    }));
  });

  test('strided views of one storage are read in place', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const { q, k } = problemOf(shape);
      const [batch, heads, tokens, width] = k.shape as [number, number, number, number];
      const columns = width - 1;
      const view = { data: k.data, shape: [batch, heads, tokens, columns], strides: [heads * tokens * width, tokens * width, width, 1] };
      const copy = tabulate([batch, heads, tokens, columns], (b, h, t, c) => k.data[((b * heads + h) * tokens + t) * width + c]!);
      expect(attention({ q, k, v: view })).toEqual(attention({ q, k, v: copy }));
    }));
  });

  test('packed sequences are dense batches of one', () => {
    const lengths = fc.array(fc.record({ queries: fc.nat(4), keys: fc.nat(5) }), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(lengths, fc.nat(), (sequences, seed) => {
      const starts = (lengthsOf: number[]) => int32Tensor(0, ...lengthsOf.map((_, n) => lengthsOf.slice(0, n + 1).reduce((a, b) => a + b)));
      const cuSeqlensQ = starts(sequences.map((s) => s.queries));
      const cuSeqlensK = starts(sequences.map((s) => s.keys));
      const q = randomTensor(seed, [cuSeqlensQ.data.at(-1)!, 2, 4]);
      const k = randomTensor(seed + 1, [cuSeqlensK.data.at(-1)!, 1, 4]);
      const dropout = { rate: 0.3, seed: 9n };
      const packed = attention({ q, k, v: k, options: { cuSeqlensQ, cuSeqlensK, causal: 'bottomRight', dropout } });
      const fullKeys = Math.max(...sequences.map((s) => s.keys));
      const fullQueries = Math.max(...sequences.map((s) => s.queries));
      const mask = dropoutMask({ ...dropout, shape: [sequences.length, 2, fullQueries, fullKeys] });
      sequences.forEach(({ queries, keys }, index) => {
        const cut = (tensor: typeof q, start: number, length: number, heads: number) => swapHeadsAndTokens({
          data: tensor.data.slice(start * heads * 4, (start + length) * heads * 4), shape: [1, length, heads, 4],
        });
        const start = cuSeqlensQ.data[index]!;
        const single = { q: cut(q, start, queries, 2), k: cut(k, cuSeqlensK.data[index]!, keys, 1) };
        // Dropout counts the sequence as its batch, so the mask of a batch of one is cut out of the whole mask.
        const keep = tabulate([1, 2, queries, keys], (_, h, i, j) => mask.data[((index * 2 + h) * fullQueries + i) * fullKeys + j]!);
        const expected = attention({ ...single, v: single.k, options: { causal: 'bottomRight', dropout: { rate: 0.3, keep } } });
        const rows = cut(packed.out, start, queries, 2);
        expect(rows.data).toEqual(expected.out.data);
        const total = cuSeqlensQ.data.at(-1)!;
        for (let h = 0; h < 2; h++) {
          const from = h * total + start;
          expect(packed.lse.data.slice(from, from + queries)).toEqual(expected.lse.data.slice(h * queries, (h + 1) * queries));
        }
      });
    }));
  });

  test('paged int8 keys and values are dense ones, gathered and scaled', () => {
    fc.assert(fc.property(shapes, fc.integer({ min: 1, max: 4 }), (shape, pageSize) => {
      const { batch, kvHeads, keys, width, seed } = shape;
      const maxPages = Math.ceil(keys / pageSize);
      const pages = batch * maxPages;
      const integers = (offset: number) => {
        const { data } = randomTensor(seed + offset, [pages, pageSize, kvHeads, width]);
        return { data: Int8Array.from(data, (x) => Math.round(127 * x)), shape: [pages, pageSize, kvHeads, width] };
      };
      const [k, v] = [integers(1), integers(2)];
      const [kScale, vScale] = [randomTensor(seed + 3, [pages, pageSize, kvHeads]), randomTensor(seed + 4, [pages, pageSize, kvHeads])];
      // Sequences take their pages backwards from the end of the pool.
      const blockTable = { data: Int32Array.from({ length: pages }, (_, n) => pages - 1 - n), shape: [batch, maxPages] };
      const kvLengths = { data: Int32Array.from({ length: batch }, (_, b) => Math.max(0, keys - b)), shape: [batch] };
      const gather = (tensor: typeof k, scale: typeof kScale) => tabulate([batch, kvHeads, maxPages * pageSize, width], (b, h, j, c) => {
        const slot = blockTable.data[b * maxPages + Math.floor(j / pageSize)]! * pageSize + (j % pageSize);
        return scale.data[slot * kvHeads + h]! * tensor.data[(slot * kvHeads + h) * width + c]!;
      });
      const { q } = problemOf(shape);
      expect(attention({ q, k, v, options: { blockTable, kvLengths, kScale, vScale } }))
        .toEqual(attention({ q, k: gather(k, kScale), v: gather(v, vScale), options: { kvLengths } }));
    }));
  });
});

describe('pieces make the whole', () => {
  test('results over two parts of the keys merge, in either layout', () => {
    fc.assert(fc.property(shapes, fc.nat(), fc.constantFrom('bhld' as const, 'blhd' as const), (shape, pick, layout) => {
      const { q, k, v } = problemOf(shape);
      const cut = pick % (shape.keys + 1);
      const order = layout === 'blhd' ? swapHeadsAndTokens : (tensor: typeof q) => tensor;
      const part = (start: number, end: number) => attention({
        q: order(q), k: order(sliceTokens(k, start, end)), v: order(sliceTokens(v, start, end)),
        options: { layout, causal: { offset: 1 - start } },
      });
      const whole = attention({ q: order(q), k: order(k), v: order(v), options: { layout, causal: { offset: 1 } } });
      expectSameResult(mergeAttention(part(0, cut), part(cut, shape.keys), { layout }), whole);
    }));
  });

  test('packed results merge', () => {
    const options = (keys: number) => ({ cuSeqlensQ: int32Tensor(0, 3), cuSeqlensK: int32Tensor(0, keys) });
    const [q, k] = [randomTensor(1, [3, 2, 4]), randomTensor(2, [5, 2, 4])];
    const part = (start: number, end: number) => {
      const keys = { data: k.data.slice(start * 8, end * 8), shape: [end - start, 2, 4] };
      return attention({ q, k: keys, v: keys, options: options(end - start) });
    };
    expectSameResult(mergeAttention(part(0, 2), part(2, 5)), part(0, 5));
  });

  test('rows do not depend on how queries are cut', () => {
    fc.assert(fc.property(shapes, fc.nat(), (shape, pick) => {
      const { q, k, v } = problemOf(shape);
      const start = pick % shape.queries;
      const whole = attention({ q, k, v, options: { causal: { offset: 2 }, window: { left: 3, right: 0 } } });
      const tail = attention({
        q: sliceTokens(q, start, shape.queries), k, v,
        options: { causal: { offset: 2 + start }, window: { left: 3, right: 0 } },
      });
      expect(tail.out).toEqual(sliceTokens(whole.out, start, shape.queries));
    }));
  });

  test('the order of keys does not matter', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const { q, k, v } = problemOf(shape);
      const reverse = (tensor: typeof k) => tabulate(tensor.shape as [number, number, number, number], (b, h, j, c) =>
        tensor.data[((b * shape.kvHeads + h) * shape.keys + shape.keys - 1 - j) * tensor.shape[3]! + c]!);
      expectSameResult(attention({ q, k: reverse(k), v: reverse(v) }), attention({ q, k, v }));
    }));
  });
});

describe('rope', () => {
  const positionsFrom = (first: number, { batch, length }: { batch: number; length: number }) => ({
    data: Int32Array.from({ length: batch * length }, (_, n) => first + (n % length)), shape: [batch, length],
  });
  /** Proper rotations: angle = position * 0.7 ^ column. */
  const tables = (half: number) => {
    const angle = (n: number) => Math.floor(n / half) * 0.7 ** (n % half);
    const shape = [40, half];
    return {
      cos: { data: Float64Array.from({ length: 40 * half }, (_, n) => Math.cos(angle(n))), shape },
      sin: { data: Float64Array.from({ length: 40 * half }, (_, n) => Math.sin(angle(n))), shape },
    };
  };

  test('only differences of positions matter', () => {
    fc.assert(fc.property(shapes, fc.constantFrom('half' as const, 'interleaved' as const), fc.nat(20), (shape, style, shift) => {
      const { batch, queries, keys, width } = shape;
      const at = (first: number) => attention(problemOf(shape, {
        rope: {
          ...tables(width / 2), style,
          positionsQ: positionsFrom(first + 3, { batch, length: queries }),
          positionsK: positionsFrom(first, { batch, length: keys }),
        },
      }));
      expectSameResult(at(shift), at(0), 1e-11);
    }));
  });

  test('default positions put the last query on the last key', () => {
    fc.assert(fc.property(shapes.filter(({ queries, keys }) => queries <= keys), (shape) => {
      const { batch, queries, keys, width } = shape;
      const rope = { ...tables(width / 2), style: 'half' as const };
      const given = {
        positionsQ: positionsFrom(keys - queries, { batch, length: queries }),
        positionsK: positionsFrom(0, { batch, length: keys }),
      };
      expect(attention(problemOf(shape, { rope }))).toEqual(attention(problemOf(shape, { rope: { ...rope, ...given } })));
    }));
  });

  test('interleaved is half with the columns reordered', () => {
    fc.assert(fc.property(shapes, (shape) => {
      const { q, k, v } = problemOf({ ...shape, queries: 1 });
      const half = shape.width / 2;
      const deinterleave = (tensor: typeof q) => tabulate(tensor.shape as [number, number, number, number], (b, h, t, c) => {
        const source = c < half ? 2 * c : 2 * (c - half) + 1;
        return tensor.data[((b * tensor.shape[1]! + h) * tensor.shape[2]! + t) * shape.width + source]!;
      });
      const rope = tables(half);
      expectSameResult(
        attention({ q, k, v, options: { rope: { ...rope, style: 'interleaved' } } }),
        attention({ q: deinterleave(q), k: deinterleave(k), v, options: { rope: { ...rope, style: 'half' } } }),
      );
    }));
  });

  test('tables that do not rotate change nothing, gradients neither', () => {
    const shape = { batch: 1, kvHeads: 1, group: 1, queries: 2, keys: 3, width: 4, valueWidth: 4, seed: 1 };
    const identity = { cos: { data: new Float64Array(40).fill(1), shape: [20, 2] }, sin: { data: new Float64Array(40), shape: [20, 2] } };
    const dOut = randomTensor(5, [1, 1, 2, 4]);
    const rotated = attentionBackward(problemOf(shape, { rope: { ...identity, style: 'half' } }), { dOut });
    const plain = attentionBackward(problemOf(shape), { dOut });
    for (const name of ['dq', 'dk', 'dv'] as const) expectClose(rotated[name], plain[name], 1e-15);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attention, mergeAttention } from '../src/index.js';
import { expectSameResult } from '../test-support/expect.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';
import { problemOf, shapes, sliceTokens, swapHeadsAndTokens, tabulate } from '../test-support/shapes.js';

describe('pieces make the whole', () => {
  test('results over two parts of the keys merge, in either layout', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.constantFrom('bhld' as const, 'blhd' as const), (shape, pick, layout) => {
        const { q, k, v } = problemOf(shape);
        const cut = pick % (shape.keys + 1);
        const order = layout === 'blhd' ? swapHeadsAndTokens : (tensor: typeof q) => tensor;
        const part = (start: number, end: number) =>
          attention({
            q: order(q),
            k: order(sliceTokens(k, start, end)),
            v: order(sliceTokens(v, start, end)),
            options: { layout, causal: { offset: 1 - start } },
          });
        const whole = attention({
          q: order(q),
          k: order(k),
          v: order(v),
          options: { layout, causal: { offset: 1 } },
        });
        expectSameResult(mergeAttention(part(0, cut), part(cut, shape.keys), { layout }), whole);
      }),
    );
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
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, pick) => {
        const { q, k, v } = problemOf(shape);
        const start = pick % shape.queries;
        const whole = attention({
          q,
          k,
          v,
          options: { causal: { offset: 2 }, window: { left: 3, right: 0 } },
        });
        const tail = attention({
          q: sliceTokens(q, start, shape.queries),
          k,
          v,
          options: { causal: { offset: 2 + start }, window: { left: 3, right: 0 } },
        });
        expect(tail.out).toEqual(sliceTokens(whole.out, start, shape.queries));
      }),
    );
  });

  test('the order of keys does not matter', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { q, k, v } = problemOf(shape);
        const reverse = (tensor: typeof k) =>
          tabulate(
            tensor.shape as [number, number, number, number],
            (b, h, j, c) =>
              tensor.data[((b * shape.kvHeads + h) * shape.keys + shape.keys - 1 - j) * tensor.shape[3]! + c]!,
          );
        expectSameResult(attention({ q, k: reverse(k), v: reverse(v) }), attention({ q, k, v }));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attention, attentionBackward, type Problem } from '../src/index.js';
import { randomTensor } from '../test-support/random.js';
import { problemOf, shapes, swapHeadsAndTokens, tabulate } from '../test-support/shapes.js';

describe('the same attention in another form', () => {
  test('layout blhd is bhld with two axes exchanged, gradients too', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const problem = problemOf(shape, { causal: 'bottomRight' });
        const [q, k, v] = [problem.q, problem.k, problem.v].map(swapHeadsAndTokens) as [
          Problem['q'],
          Problem['k'],
          Problem['v'],
        ];
        const swapped: Problem = { q, k, v, options: { layout: 'blhd', causal: 'bottomRight' } };
        const expected = attention(problem);
        const actual = attention(swapped);
        expect(swapHeadsAndTokens(actual.out)).toEqual(expected.out);
        expect(actual.lse).toEqual(expected.lse);
        const dOut = randomTensor(shape.seed + 3, expected.out.shape);
        const gradients = attentionBackward(problem, { dOut });
        const swappedGradients = attentionBackward(swapped, { dOut: swapHeadsAndTokens(dOut) });
        for (const name of ['dq', 'dk', 'dv'] as const)
          expect(swapHeadsAndTokens(swappedGradients[name])).toEqual(gradients[name]);
      }),
    );
  });

  test('a group of query heads shares its key and value head', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { batch, kvHeads, group } = shape;
        const { q, k, v } = problemOf(shape);
        const repeat = (tensor: typeof k) => {
          const [, , tokens, width] = tensor.shape as [number, number, number, number];
          return tabulate(
            [batch, kvHeads * group, tokens, width],
            (b, h, t, c) => tensor.data[((b * kvHeads + Math.floor(h / group)) * tokens + t) * width + c]!,
          );
        };
        expect(attention({ q, k: repeat(k), v: repeat(v) })).toEqual(attention({ q, k, v }));
      }),
    );
  });

  test('strided views of one storage are read in place', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { q, k } = problemOf(shape);
        const [batch, heads, tokens, width] = k.shape as [number, number, number, number];
        const columns = width - 1;
        const view = {
          data: k.data,
          shape: [batch, heads, tokens, columns],
          strides: [heads * tokens * width, tokens * width, width, 1],
        };
        const copy = tabulate(
          [batch, heads, tokens, columns],
          (b, h, t, c) => k.data[((b * heads + h) * tokens + t) * width + c]!,
        );
        expect(attention({ q, k, v: view })).toEqual(attention({ q, k, v: copy }));
      }),
    );
  });
});

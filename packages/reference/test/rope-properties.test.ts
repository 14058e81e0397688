import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attention, attentionBackward } from '../src/index.js';
import { expectClose, expectSameResult } from '../test-support/expect.js';
import { randomTensor } from '../test-support/random.js';
import { problemOf, shapes, tabulate } from '../test-support/shapes.js';

describe('rope', () => {
  const positionsFrom = (first: number, { batch, length }: { batch: number; length: number }) => ({
    data: Int32Array.from({ length: batch * length }, (_, n) => first + (n % length)),
    shape: [batch, length],
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
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom('half' as const, 'interleaved' as const),
        fc.nat(20),
        (shape, style, shift) => {
          const { batch, queries, keys, width } = shape;
          const at = (first: number) =>
            attention(
              problemOf(shape, {
                rope: {
                  ...tables(width / 2),
                  style,
                  positionsQ: positionsFrom(first + 3, { batch, length: queries }),
                  positionsK: positionsFrom(first, { batch, length: keys }),
                },
              }),
            );
          expectSameResult(at(shift), at(0), 1e-11);
        },
      ),
    );
  });

  test('default positions put the last query on the last key', () => {
    fc.assert(
      fc.property(
        shapes.filter(({ queries, keys }) => queries <= keys),
        (shape) => {
          const { batch, queries, keys, width } = shape;
          const rope = { ...tables(width / 2), style: 'half' as const };
          const given = {
            positionsQ: positionsFrom(keys - queries, { batch, length: queries }),
            positionsK: positionsFrom(0, { batch, length: keys }),
          };
          expect(attention(problemOf(shape, { rope }))).toEqual(
            attention(problemOf(shape, { rope: { ...rope, ...given } })),
          );
        },
      ),
    );
  });

  test('interleaved is half with the columns reordered', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { q, k, v } = problemOf({ ...shape, queries: 1 });
        const half = shape.width / 2;
        const deinterleave = (tensor: typeof q) =>
          tabulate(tensor.shape as [number, number, number, number], (b, h, t, c) => {
            const source = c < half ? 2 * c : 2 * (c - half) + 1;
            return tensor.data[((b * tensor.shape[1]! + h) * tensor.shape[2]! + t) * shape.width + source]!;
          });
        const rope = tables(half);
        expectSameResult(
          attention({ q, k, v, options: { rope: { ...rope, style: 'interleaved' } } }),
          attention({
            q: deinterleave(q),
            k: deinterleave(k),
            v,
            options: { rope: { ...rope, style: 'half' } },
          }),
        );
      }),
    );
  });

  test('tables that do not rotate change nothing, gradients neither', () => {
    const shape = { batch: 1, kvHeads: 1, group: 1, queries: 2, keys: 3, width: 4, valueWidth: 4, seed: 1 };
    const identity = {
      cos: { data: new Float64Array(40).fill(1), shape: [20, 2] },
      sin: { data: new Float64Array(40), shape: [20, 2] },
    };
    const dOut = randomTensor(5, [1, 1, 2, 4]);
    const rotated = attentionBackward(problemOf(shape, { rope: { ...identity, style: 'half' } }), { dOut });
    const plain = attentionBackward(problemOf(shape), { dOut });
    for (const name of ['dq', 'dk', 'dv'] as const) expectClose(rotated[name], plain[name], 1e-15);
  });
});

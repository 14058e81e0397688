import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Align, attention } from '../src/index.js';
import { expectClose, expectSameResult } from '../test-support/expect.js';
import { problemOf, type Shape, shapes, tabulate } from '../test-support/shapes.js';

const aligns: fc.Arbitrary<Align> = fc.oneof(
  fc.constantFrom('topLeft' as const, 'bottomRight' as const),
  fc.record({ offset: fc.integer({ min: -7, max: 7 }) }),
);

function offsetOf(align: Align, { queries, keys }: Shape): number {
  if (typeof align === 'object') return align.offset;
  return align === 'topLeft' ? 0 : keys - queries;
}

/** The mask [1, 1, Lq, Lk] of what `visible` says. */
function maskOf({ queries, keys }: Shape, visible: (i: number, j: number) => boolean) {
  return tabulate([1, 1, queries, keys], (_, _head, i, j) => (visible(i, j) ? 1 : 0));
}

describe('visibility', () => {
  test('causal is the mask j <= i + offset', () => {
    fc.assert(
      fc.property(shapes, aligns, (shape, causal) => {
        const offset = offsetOf(causal, shape);
        const mask = maskOf(shape, (i, j) => j <= i + offset);
        expectSameResult(attention(problemOf(shape, { causal })), attention(problemOf(shape, { mask })), 1e-15);
      }),
    );
  });

  test('a window is the mask around the diagonal', () => {
    const side = fc.integer({ min: -1, max: 4 });
    fc.assert(
      fc.property(shapes, aligns, side, side, (shape, align, left, right) => {
        const offset = offsetOf(align, shape);
        const mask = maskOf(
          shape,
          (i, j) => (left < 0 || j >= i + offset - left) && (right < 0 || j <= i + offset + right),
        );
        const windowed = attention(problemOf(shape, { align, window: { left, right } }));
        expectSameResult(windowed, attention(problemOf(shape, { mask })), 1e-15);
      }),
    );
  });

  test('with causal, the right side of a window is capped at the diagonal', () => {
    fc.assert(
      fc.property(shapes, aligns, fc.nat(4), (shape, causal, right) => {
        const open = attention(problemOf(shape, { causal, window: { left: 2, right } }));
        expectSameResult(open, attention(problemOf(shape, { causal, window: { left: 2, right: 0 } })), 1e-15);
      }),
    );
  });

  test('an unbounded or wide window is no window, to the bit', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(-1, 100), fc.constantFrom(-1, 100), (shape, left, right) => {
        expect(attention(problemOf(shape, { window: { left, right } }))).toEqual(attention(problemOf(shape)));
      }),
    );
  });

  test('kvLengths is shorter keys, and bottomRight and ALiBi count from the length', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), fc.constantFrom('none', 'bottomRight'), (shape, pick, causal) => {
        const length = pick % (shape.keys + 1);
        const kvLengths = { data: new Int32Array(shape.batch).fill(length), shape: [shape.batch] };
        const heads = shape.kvHeads * shape.group;
        const alibiSlopes = { data: new Float64Array(heads).fill(0.3), shape: [heads] };
        const byMask = maskOf(shape, (_, j) => j < length);
        const offset = length - shape.queries;
        const masked = causal === 'none' ? { align: { offset } } : { causal: { offset } };
        expectSameResult(
          attention(problemOf(shape, { kvLengths, causal, alibiSlopes })),
          attention(problemOf(shape, { mask: byMask, alibiSlopes, ...masked })),
          1e-15,
        );
      }),
    );
  });
});

describe('scores', () => {
  test('ALiBi is a bias that falls with the distance from the diagonal', () => {
    fc.assert(
      fc.property(shapes, aligns, (shape, align) => {
        const { batch, queries, keys } = shape;
        const heads = shape.kvHeads * shape.group;
        const offset = offsetOf(align, shape);
        const slope = (b: number, h: number) => 0.1 * (h + 1) + b;
        const alibiSlopes = {
          data: Float64Array.from({ length: batch * heads }, (_, n) => slope(Math.floor(n / heads), n % heads)),
          shape: [batch, heads],
        };
        const bias = tabulate([batch, heads, queries, keys], (b, h, i, j) => -slope(b, h) * Math.abs(i + offset - j));
        expectSameResult(attention(problemOf(shape, { align, alibiSlopes })), attention(problemOf(shape, { bias })));
      }),
    );
  });

  test('a bias that is the same for every key moves lse and nothing else', () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: -50, max: 50, noNaN: true }), (shape, shift) => {
        const plain = attention(problemOf(shape));
        const shifted = attention(problemOf(shape, { bias: tabulate([1, 1, 1, shape.keys], () => shift) }));
        expectClose(shifted.out, plain.out, 1e-11);
        const lse = { data: plain.lse.data.map((x) => x + shift), shape: plain.lse.shape };
        shifted.lse.data.forEach((x, index) => {
          expect(x).toBeCloseTo(lse.data[index]!, 10);
        });
      }),
    );
  });

  test('softcap bounds scores, and a wide one does nothing', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const capped = attention(problemOf(shape, { scale: 1e6, softcap: 2 }));
        for (const lse of capped.lse.data) expect(Math.abs(lse - Math.log(shape.keys))).toBeLessThanOrEqual(2 + 1e-12);
        expectSameResult(attention(problemOf(shape, { softcap: 1e7 })), attention(problemOf(shape)), 1e-10);
      }),
    );
  });

  test('a sink is one more key with a value of zero', () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: -5, max: 5, noNaN: true }), (shape, sink) => {
        const heads = shape.kvHeads * shape.group;
        const { q, k, v } = problemOf(shape);
        const withSink = attention({
          q,
          k,
          v,
          options: { sinks: { data: new Float64Array(heads).fill(sink), shape: [heads] } },
        });
        const extend = (tensor: typeof k) =>
          tabulate([shape.batch, shape.kvHeads, shape.keys + 1, tensor.shape[3]!], (b, h, j, c) =>
            j < shape.keys ? tensor.data[((b * shape.kvHeads + h) * shape.keys + j) * tensor.shape[3]! + c]! : 0,
          );
        const bias = tabulate([1, 1, 1, shape.keys + 1], (_, _head, _i, j) => (j < shape.keys ? 0 : sink));
        expectSameResult(withSink, attention({ q, k: extend(k), v: extend(v), options: { bias } }));
      }),
    );
  });
});

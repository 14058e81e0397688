import fc from 'fast-check';
import type { AttentionOptions, Problem, Tensor } from '../src/index.js';
import { randomTensor } from './random.js';

// The same examples every time, so that a run can be trusted to repeat.
fc.configureGlobal({ seed: 20 });

/** Sizes of a small problem, and the seed of its numbers. */
export interface Shape {
  readonly batch: number;
  readonly kvHeads: number;
  readonly group: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly valueWidth: number;
  readonly seed: number;
}

const size = (max: number) => fc.integer({ min: 1, max });

export const shapes: fc.Arbitrary<Shape> = fc.record({
  batch: size(3),
  kvHeads: size(2),
  group: size(3),
  queries: size(6),
  keys: size(9),
  width: fc.constantFrom(2, 4, 6),
  valueWidth: size(5),
  seed: fc.nat(),
});

/** A problem of that shape in layout `bhld`. */
export function problemOf(
  shape: Shape,
  options: AttentionOptions = {},
): Problem & Record<'q' | 'k' | 'v', Tensor<Float64Array>> {
  const { batch, kvHeads, group, queries, keys, width, valueWidth, seed } = shape;
  return {
    q: randomTensor(seed, [batch, kvHeads * group, queries, width]),
    k: randomTensor(seed + 1, [batch, kvHeads, keys, width]),
    v: randomTensor(seed + 2, [batch, kvHeads, keys, valueWidth]),
    options,
  };
}

/** A tensor whose entry at `[b, h, i, j]` is `value(b, h, i, j)`; works for any four axes. */
export function tabulate(
  shape: readonly [number, number, number, number],
  value: (a: number, b: number, c: number, d: number) => number,
): Tensor<Float64Array> {
  const [, size1, size2, size3] = shape;
  const data = new Float64Array(shape[0] * size1 * size2 * size3);
  for (let index = 0; index < data.length; index++) {
    const row = Math.floor(index / size3);
    const plane = Math.floor(row / size2);
    data[index] = value(Math.floor(plane / size1), plane % size1, row % size2, index % size3);
  }
  return { data, shape };
}

/** Axes 1 and 2 exchanged in memory: `bhld` to `blhd` and back. */
export function swapHeadsAndTokens(tensor: Tensor): Tensor<Float64Array> {
  const [batch, heads, tokens, width] = tensor.shape as [number, number, number, number];
  return tabulate(
    [batch, tokens, heads, width],
    (b, token, head, c) => tensor.data[((b * heads + head) * tokens + token) * width + c]!,
  );
}

/** Part `[start, end)` of axis 2. */
export function sliceTokens(tensor: Tensor, start: number, end: number): Tensor<Float64Array> {
  const [batch, heads, tokens, width] = tensor.shape as [number, number, number, number];
  return tabulate(
    [batch, heads, end - start, width],
    (b, head, token, c) => tensor.data[((b * heads + head) * tokens + start + token) * width + c]!,
  );
}

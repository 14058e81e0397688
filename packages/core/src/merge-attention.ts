import { inOperation, invalidArgument } from './errors.js';
import { layouts } from './generated/enums.js';
import {
  expectSame,
  type PartialAttention,
  type Rows,
  readElement,
  readPartial,
  rowsOf,
  startOf,
  writeElement,
} from './partial-attention.js';
import { readObject } from './read-object.js';
import { zeros } from './tensor.js';
import type { Layout } from './types.js';

/**
 * Attention over two disjoint sets of keys, from the attention over each: what chunked and ring attention do.
 *
 * @param a out [B, Hq, Lq, Dv] and lse [B, Hq, Lq]; packed sequences: [Tq, Hq, Dv] and [Hq, Tq]
 * @param b the same over the other keys
 * @param options layout of both outs, default `bhld`
 * @returns the same over all keys; a row that saw no key on one side is the other side's row, bit for bit
 * @throws FaMetalError `SHAPE_MISMATCH`, `DTYPE_MISMATCH`, `BUFFER_TOO_SHORT`, `INVALID_ARGUMENT`
 */
export function mergeAttention(
  a: PartialAttention,
  b: PartialAttention,
  options: { layout?: Layout } = {},
): PartialAttention {
  return inOperation('mergeAttention', () => {
    const { layout = 'bhld' } = readObject('options', options, ['layout']);
    if (!layouts.includes(layout)) throw invalidArgument('layout', `one of ${layouts.join(', ')}`, layout);
    const left = readPartial('a', a, layout);
    const right = readPartial('b', b, layout);
    expectSame('SHAPE_MISMATCH', 'b.out', left.out.shape, right.out.shape);
    expectSame('DTYPE_MISMATCH', 'b.out', left.out.dtype, right.out.dtype);
    const merged = {
      out: zeros('out', left.out.shape, left.out.dtype),
      lse: zeros('lse', left.lse.shape, 'float32'),
    };
    mergeRows([left, right, merged].map((side) => rowsOf(side, layout)) as [Rows, Rows, Rows]);
    return merged;
  });
}

function mergeRows(sides: [Rows, Rows, Rows]): void {
  const [batch, heads, queries] = sides[2].sizes;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) mergeRow(sides, b, h, i);
    }
  }
}

function mergeRow([left, right, merged]: [Rows, Rows, Rows], b: number, h: number, i: number): void {
  const weights = weigh(
    readElement(left.lse, startOf(left.lse, b, h, i)),
    readElement(right.lse, startOf(right.lse, b, h, i)),
  );
  writeElement(merged.lse, startOf(merged.lse, b, h, i), weights.lse);
  if (weights.lse === -Infinity) return;
  const leftStart = startOf(left.out, b, h, i);
  const rightStart = startOf(right.out, b, h, i);
  const start = startOf(merged.out, b, h, i);
  for (let d = 0; d < merged.width; d++) {
    let value = -0; // the neutral element of addition, to the sign of a zero
    // A side without a share saw no key, and must not matter whatever its row holds.
    if (weights.left !== undefined) value += weights.left * readElement(left.out, leftStart + d);
    if (weights.right !== undefined) value += weights.right * readElement(right.out, rightStart + d);
    writeElement(merged.out, start + d, value);
  }
}

export interface Weights {
  lse: number;
  /** Share of a side in the softmax of both; none where it saw no key. */
  left?: number;
  right?: number;
}

/** Shares of two sides with these lse. The larger is taken out of the exponentials, so that they cannot overflow. */
export function weigh(left: number, right: number): Weights {
  if (left === -Infinity && right === -Infinity) return { lse: -Infinity };
  if (right === -Infinity) return { lse: left, left: 1 };
  if (left === -Infinity) return { lse: right, right: 1 };
  const largest = Math.max(left, right);
  const leftWeight = Math.exp(left - largest);
  const rightWeight = Math.exp(right - largest);
  const sum = leftWeight + rightWeight;
  return { lse: largest + Math.log(sum), left: leftWeight / sum, right: rightWeight / sum };
}

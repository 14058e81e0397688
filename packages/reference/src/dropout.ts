import { philox4x32 } from './philox.js';
import { elementCount, requireShape } from './tensor.js';
import type { Dropout, Tensor } from './types.js';

/** Fills `keep[0 .. keys)` with 1 (keep) and 0 (drop) for one query row. */
export type KeepRow = (batch: number, head: number, query: number, keys: number, keep: Uint8Array) => void;

/** @throws RangeError for a rate outside [0, 1) or a given mask of the wrong shape */
export function keepRows(dropout: Dropout, full: readonly number[]): KeepRow {
  if (!(dropout.rate >= 0 && dropout.rate < 1)) {
    throw new RangeError(`dropout: expected a rate in [0, 1), got ${dropout.rate}`);
  }
  return 'keep' in dropout ? givenRows(dropout.keep, full) : philoxRows(dropout.rate, dropout.seed);
}

function givenRows(mask: Tensor, full: readonly number[]): KeepRow {
  requireShape('dropout.keep', mask, full);
  const [, heads, queries, stride] = full as [number, number, number, number];
  return (batch, head, query, keys, keep) => {
    const start = ((batch * heads + head) * queries + query) * stride;
    for (let j = 0; j < keys; j++) keep[j] = mask.data[start + j] ? 1 : 0;
  };
}

function philoxRows(rate: number, seed: bigint): KeepRow {
  const key = [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))] as const;
  const threshold = Math.floor(rate * 2 ** 32);
  const words = new Uint32Array(4);
  return (batch, head, query, keys, keep) => {
    for (let j = 0; j < keys; j++) {
      if (j % 4 === 0) philox4x32([j / 4, query, head, batch], key, words);
      keep[j] = words[j % 4]! >= threshold ? 1 : 0;
    }
  };
}

/** The keep mask (1 = keep) of dropout for `shape` [B, Hq, Lq, Lk]. */
export function dropoutMask(parameters: {
  rate: number;
  seed: bigint;
  shape: readonly [number, number, number, number];
}): Tensor<Uint8Array> {
  const { rate, seed, shape } = parameters;
  const [batches, heads, queries, keys] = shape;
  const fill = keepRows({ rate, seed }, shape);
  const data = new Uint8Array(elementCount(shape));
  for (let row = 0; row < batches * heads * queries; row++) {
    const query = row % queries;
    const head = Math.floor(row / queries) % heads;
    const batch = Math.floor(row / (queries * heads));
    fill(batch, head, query, keys, data.subarray(row * keys, (row + 1) * keys));
  }
  return { data, shape };
}

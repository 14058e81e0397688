import type { Tensor, TensorFlow } from '../../tensorflow.js';
import type { Problem } from './problem.js';
import { readIndices } from './read-sequences.js';

/** Which axis of a call a tensor's rows lie along. */
export type Side = 'queries' | 'keys';

/** A tensor as the caller has it (either layout, packed, in pages) as [B, H, L, X]; rows of padding are 0. */
export function toRows(tf: TensorFlow, problem: Problem, named: Map<string, Tensor>, name: string, side: Side): Tensor {
  const tensor = named.get(name) as Tensor;
  const { B, storage, layout } = problem;
  if (storage === 'packed') return gatherRows(tf, tensor, packedIndex(problem, side), B);
  if (storage === 'paged' && side === 'keys') {
    const [pages = 0, pageSize = 0, ...rest] = tensor.shape;
    const table = readIndices(named, 'blockTable') as Int32Array;
    return gatherRows(tf, tensor.reshape([pages * pageSize, ...rest]), pagedIndex(problem, table), B);
  }
  return layout === 'blhd' ? tensor.transpose([0, 2, 1, 3]) : tensor;
}

/** The way back, for results and gradients. */
export function fromRows(tf: TensorFlow, problem: Problem, rows: Tensor, side: Side): Tensor {
  const { storage, layout, sequences } = problem;
  if (storage !== 'packed') return layout === 'blhd' ? rows.transpose([0, 2, 1, 3]) : rows;
  const [B = 0, heads = 0, length = 0, width = 0] = rows.shape;
  const index = sequences.flatMap((sequence, b) =>
    Array.from({ length: tokensOf(sequence, side).count }, (_, i) => b * length + i),
  );
  if (index.length === 0) return tf.zeros([0, heads, width]);
  return rows
    .transpose([0, 2, 1, 3])
    .reshape([B * length, heads, width])
    .gather(tf.tensor1d(index, 'int32'));
}

/** lse or its gradient between the caller's [B, Hq, Lq], packed [Hq, Tq], and rows [B, Hq, Lq, 1]. */
export function lseToRows(tf: TensorFlow, problem: Problem, lse: Tensor): Tensor {
  if (problem.storage !== 'packed') return lse.expandDims(-1);
  return gatherRows(tf, lse.transpose().expandDims(-1), packedIndex(problem, 'queries'), problem.B);
}

export function lseFromRows(tf: TensorFlow, problem: Problem, rows: Tensor): Tensor {
  if (problem.storage !== 'packed') return rows.squeeze([-1]);
  return fromRows(tf, problem, rows, 'queries').squeeze([-1]).transpose();
}

/** Token of each row of each sequence; -1 where there is none. */
export type RowIndex = number[][];

export function packedIndex(problem: Problem, side: Side): RowIndex {
  const length = side === 'queries' ? problem.Lq : problem.Lk;
  return problem.sequences.map((sequence) => {
    const { first, count } = tokensOf(sequence, side);
    return Array.from({ length }, (_, i) => (i < count ? first + i : -1));
  });
}

function tokensOf(sequence: Problem['sequences'][number], side: Side): { first: number; count: number } {
  const { firstQuery, firstKey, queries, storedKeys } = sequence;
  return side === 'queries' ? { first: firstQuery, count: queries } : { first: firstKey, count: storedKeys };
}

/** Rows at and past a length are never read. */
function pagedIndex({ sequences, Lk, pageSize }: Problem, table: Int32Array): RowIndex {
  const maxPages = pageSize === 0 ? 0 : Lk / pageSize;
  return sequences.map(({ keys }, b) =>
    Array.from({ length: Lk }, (_, j) => {
      if (j >= keys) return -1;
      return (table[b * maxPages + Math.floor(j / pageSize)] as number) * pageSize + (j % pageSize);
    }),
  );
}

/** [T, H, X] -> [B, H, L, X] */
function gatherRows(tf: TensorFlow, tokens: Tensor, index: RowIndex, B: number): Tensor {
  const [count = 0, heads = 0, width = 0] = tokens.shape;
  const length = index[0]?.length ?? 0;
  if (B * length === 0) return tf.zeros([B, heads, length, width]);
  const padded = tf.concat([tokens, tf.zeros([1, heads, width])]);
  const rows = index.flat().map((token) => (token < 0 ? count : token));
  return padded.gather(tf.tensor1d(rows, 'int32')).reshape([B, length, heads, width]).transpose([0, 2, 1, 3]);
}

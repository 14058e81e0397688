import { type Address, denseAddress, packedAddress, pagedAddress } from './address.js';
import { requireShape } from './tensor.js';
import type { AttentionOptions, Problem, Tensor } from './types.js';

/** One batch row or packed sequence. */
export interface Sequence {
  readonly index: number;
  readonly queries: number;
  /** Keys that may be read: the sequence's own, cut by kvLengths. */
  readonly keys: number;
}

/** Sizes of a call, and where tokens lie in its tensors. */
export interface Geometry {
  readonly batch: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  /** Longest query and key sequence: Lq, Lk of broadcast tensors. */
  readonly queryLength: number;
  readonly keyLength: number;
  /** D and Dv. */
  readonly width: number;
  readonly valueWidth: number;
  readonly sequences: readonly Sequence[];
  readonly outShape: readonly number[];
  readonly lseShape: readonly number[];
  readonly lseAddress: Address;
  /** Tokens of q, out and their gradients. */
  queryAddress(strides: readonly number[]): Address;
  /** Tokens of k, v and their gradients. */
  keyAddress(strides: readonly number[]): Address;
  /** Per-token scales of int8 k and v; absent where the contract has none. */
  readonly scales?: { readonly shape: readonly number[]; address(strides: readonly number[]): Address };
  /** RoPE positions. */
  readonly positionsShape: { readonly q: readonly number[]; readonly k: readonly number[] };
  readonly positionsAddress: { readonly q: Address; readonly k: Address };
}

/** @throws RangeError for shapes that do not fit each other */
export function readGeometry(problem: Problem): Geometry {
  const { options = {}, q, k, v } = problem;
  const packed = options.cuSeqlensQ ?? options.cuSeqlensK;
  if (packed && options.blockTable) throw new RangeError('blockTable: expected none with cuSeqlens');
  const geometry = packed ? packedGeometry(problem, options) : denseGeometry(problem, options);
  const { queryHeads, kvHeads, width, sequences, batch, queryLength, keyLength } = geometry;
  if (!(kvHeads > 0) || queryHeads % kvHeads !== 0) {
    throw new RangeError(`q: expected a multiple of ${kvHeads} heads, got ${queryHeads}`);
  }
  requireShape('q', q, q.shape);
  requireShape('k', k, [...k.shape.slice(0, -1), width]);
  requireShape('v', v, [...k.shape.slice(0, -1), geometry.valueWidth]);
  if (!packed && q.shape[0] !== batch) throw new RangeError(`q: expected batch ${batch}, got ${q.shape[0]}`);
  return { ...geometry, sequences: cutToLengths(sequences, options.kvLengths), queryLength, keyLength };
}

function denseGeometry({ q, k, v }: Problem, options: AttentionOptions): Geometry {
  const { layout = 'bhld', blockTable } = options;
  const [headAxis, tokenAxis] = layout === 'bhld' ? [1, 2] : [2, 1];
  requireRank('q', q, 4);
  requireRank('k', k, 4);
  const [batch, queryHeads, queryLength] = [q.shape[0]!, q.shape[headAxis]!, q.shape[tokenAxis]!];
  const [pages, pageSize] = k.shape as [number, number];
  const kvHeads = blockTable ? k.shape[2]! : k.shape[headAxis]!;
  const keyLength = blockTable ? blockTable.shape[1]! * pageSize : k.shape[tokenAxis]!;
  if (blockTable) requireShape('blockTable', blockTable, [batch, blockTable.shape[1]!]);
  else if (k.shape[0] !== batch) throw new RangeError(`k: expected batch ${batch}, got ${k.shape[0]}`);
  const lengths = (length: number) => denseAddress([length, 0, 1], 'bhld');
  const valueWidth = v.shape.at(-1)!;
  return {
    batch, queryHeads, kvHeads, queryLength, keyLength, width: q.shape[3]!, valueWidth,
    sequences: Array.from({ length: batch }, (_, index) => ({ index, queries: queryLength, keys: keyLength })),
    outShape: [...q.shape.slice(0, 3), valueWidth],
    lseShape: [batch, queryHeads, queryLength],
    lseAddress: denseAddress([queryHeads * queryLength, queryLength, 1], 'bhld'),
    queryAddress: (strides) => denseAddress(strides, layout),
    keyAddress: (strides) => blockTable ? pagedAddress(strides, pageSize, pages, blockTable) : denseAddress(strides, layout),
    scales: {
      shape: blockTable ? [pages, pageSize, kvHeads] : [batch, kvHeads, keyLength],
      address: (strides) => blockTable ? pagedAddress(strides, pageSize, pages, blockTable) : denseAddress(strides, 'bhld'),
    },
    positionsShape: { q: [batch, queryLength], k: [batch, keyLength] },
    positionsAddress: { q: lengths(queryLength), k: lengths(keyLength) },
  };
}

function packedGeometry({ q, k, v }: Problem, { cuSeqlensQ, cuSeqlensK }: AttentionOptions): Geometry {
  if (!cuSeqlensQ || !cuSeqlensK) throw new RangeError('cuSeqlensQ, cuSeqlensK: expected both or none');
  requireRank('q', q, 3);
  requireRank('k', k, 3);
  const [queryTokens, queryHeads, width] = q.shape as [number, number, number];
  const [keyTokens, kvHeads] = k.shape as [number, number];
  requireShape('cuSeqlensK', cuSeqlensK, cuSeqlensQ.shape);
  const queries = sequenceLengths('cuSeqlensQ', cuSeqlensQ, queryTokens);
  const keys = sequenceLengths('cuSeqlensK', cuSeqlensK, keyTokens);
  const valueWidth = v.shape.at(-1)!;
  return {
    batch: queries.length, queryHeads, kvHeads, width, valueWidth,
    queryLength: Math.max(0, ...queries), keyLength: Math.max(0, ...keys),
    sequences: queries.map((length, index) => ({ index, queries: length, keys: keys[index]! })),
    outShape: [queryTokens, queryHeads, valueWidth],
    lseShape: [queryHeads, queryTokens],
    lseAddress: packedAddress(1, queryTokens, cuSeqlensQ),
    queryAddress: (strides) => packedAddress(strides[0]!, strides[1]!, cuSeqlensQ),
    keyAddress: (strides) => packedAddress(strides[0]!, strides[1]!, cuSeqlensK),
    positionsShape: { q: [queryTokens], k: [keyTokens] },
    positionsAddress: { q: packedAddress(1, 0, cuSeqlensQ), k: packedAddress(1, 0, cuSeqlensK) },
  };
}

function requireRank(argument: string, tensor: Tensor, rank: number): void {
  if (tensor.shape.length !== rank) throw new RangeError(`${argument}: expected rank ${rank}, got [${tensor.shape.join(', ')}]`);
}

function sequenceLengths(argument: string, starts: Tensor, total: number): number[] {
  const lengths = Array.from(starts.data.subarray(1), (end, index) => end - starts.data[index]!);
  if (starts.data[0] !== 0 || starts.data.at(-1) !== total || lengths.some((length) => length < 0)) {
    throw new RangeError(`${argument}: expected 0, then no decrease, up to ${total}, got ${starts.data.join(', ')}`);
  }
  return lengths;
}

function cutToLengths(sequences: readonly Sequence[], kvLengths: Tensor | undefined): readonly Sequence[] {
  if (!kvLengths) return sequences;
  requireShape('kvLengths', kvLengths, [sequences.length]);
  return sequences.map((sequence) => {
    const keys = kvLengths.data[sequence.index]!;
    if (!(keys >= 0 && keys <= sequence.keys)) {
      throw new RangeError(`kvLengths: expected values in [0, ${sequence.keys}], got ${keys}`);
    }
    return { ...sequence, keys };
  });
}

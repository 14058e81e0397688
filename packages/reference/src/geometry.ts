import type { Address } from './address.js';
import { denseGeometry } from './dense-geometry.js';
import { packedGeometry } from './packed-geometry.js';
import { requireShape } from './tensor.js';
import type { Problem, Tensor } from './types.js';

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
  const { queryHeads, kvHeads, width, valueWidth, sequences, batch } = geometry;
  if (!(kvHeads > 0) || queryHeads % kvHeads !== 0) {
    throw new RangeError(`q: expected a multiple of ${kvHeads} heads, got ${queryHeads}`);
  }
  requireShape('q', q, q.shape);
  requireShape('k', k, [...k.shape.slice(0, -1), width]);
  requireShape('v', v, [...k.shape.slice(0, -1), valueWidth]);
  if (!packed && q.shape[0] !== batch) throw new RangeError(`q: expected batch ${batch}, got ${q.shape[0]}`);
  return { ...geometry, sequences: cutToLengths(sequences, options.kvLengths) };
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

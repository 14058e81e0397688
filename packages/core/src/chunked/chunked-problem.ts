import { invalidArgument, refusal } from '../errors.js';
import { optionNames, readOptions } from '../options.js';
import { expectSame } from '../partial-attention.js';
import { readObject } from '../read-object.js';
import { readTensor } from '../tensor.js';
import type { Align, AttentionOptions, Layout, Tensor } from '../types.js';
import { denseCopy } from './slices.js';

/** Options of `attentionChunked`: those of `attention`, for all keys together. */
export interface ChunkedAttentionOptions extends AttentionOptions {
  /**
   * The number of all keys. Only needed where the pieces come from an iterable and something counts from the last key:
   * `bottomRight` (which window and alibiSlopes take by default) or the positions that rope takes by default.
   */
  keyLength?: number;
}

/** A call over keys in pieces, as far as it is known before the pieces are. */
export interface ChunkedProblem {
  q: Tensor;
  layout: Layout;
  options: AttentionOptions;
  batch: number;
  heads: number;
  queries: number;
  keyLength: number | undefined;
  /** Of each batch entry; undefined where all keys count. */
  kvLengths: Int32Array | undefined;
  /** Of the diagonal, by batch entry; undefined where nothing is measured from it. */
  offsets: number[] | undefined;
  /** Batch entries that run as one call: all of them, or, where their diagonals differ, one by one. */
  groups: readonly ('all' | number)[];
}

/** Why an option cannot go with keys in pieces. */
const refused: Partial<Record<keyof AttentionOptions, string>> = {
  cuSeqlensQ: 'no packed sequences, whose keys come in pieces one by one',
  cuSeqlensK: 'no packed sequences, whose keys come in pieces one by one',
  blockTable: 'no pages, which are pieces already',
};

/** @throws FaMetalError */
export function readProblem(
  givenQ: Tensor,
  givenOptions: ChunkedAttentionOptions | undefined,
  keyLengthOf: (layout: Layout) => number | undefined,
): ChunkedProblem {
  const { keyLength: givenLength, ...rest } = readObject('options', givenOptions ?? {}, [
    ...optionNames(),
    'keyLength',
  ]);
  const options = readOptions(rest);
  refuseOptions(options);
  const q = readTensor('q', givenQ);
  if (q.shape.length !== 4) expectSame('SHAPE_MISMATCH', 'q', 'rank 4', `rank ${q.shape.length}`);
  const { layout = 'bhld' } = options;
  const [batch = 0, second = 0, third = 0] = q.shape;
  const [heads, queries] = layout === 'bhld' ? [second, third] : [third, second];
  if (givenLength !== undefined && !(Number.isSafeInteger(givenLength) && givenLength >= 0)) {
    throw invalidArgument('keyLength', 'a whole number from 0', givenLength);
  }
  const known = keyLengthOf(layout);
  if (known !== undefined && givenLength !== undefined) expectSame('SHAPE_MISMATCH', 'keyLength', known, givenLength);
  const keyLength = known ?? givenLength;
  const kvLengths = options.kvLengths && readLengths(options.kvLengths, batch);
  checkLengths(kvLengths, keyLength);
  const base = { q, layout, options, batch, heads, queries, keyLength, kvLengths };
  const offsets = offsetsOf(base);
  const alike = offsets === undefined || offsets.every((offset) => offset === offsets[0]);
  return { ...base, offsets, groups: alike ? ['all'] : Array.from({ length: batch }, (_, b) => b) };
}

function refuseOptions(options: AttentionOptions): void {
  for (const [argument, expected] of Object.entries(refused)) {
    if (options[argument as keyof AttentionOptions] === undefined) continue;
    throw refusal({ code: 'UNSUPPORTED', argument, expected, got: 'a tensor' });
  }
  const { rate = 0 } = options.dropout ?? {};
  if (rate === 0) return;
  const expected = 'a rate of 0: what is dropped is drawn by the number of a key within one call, which a piece lacks';
  throw refusal({ code: 'UNSUPPORTED', argument: 'dropout', expected, got: String(rate) });
}

function readLengths(tensor: Tensor, batch: number): Int32Array {
  expectSame('DTYPE_MISMATCH', 'kvLengths', 'int32', tensor.dtype);
  expectSame('SHAPE_MISMATCH', 'kvLengths', [batch], tensor.shape);
  return denseCopy(tensor).data as Int32Array;
}

/** A piece would take lengths below 0 and past the end for its own ends. @throws FaMetalError */
export function checkLengths(lengths: Int32Array | undefined, keyLength = Number.POSITIVE_INFINITY): void {
  for (const length of lengths ?? []) {
    if (length < 0 || length > keyLength) throw invalidArgument('kvLengths', `lengths from 0 to ${keyLength}`, length);
  }
}

function offsetsOf(problem: Omit<ChunkedProblem, 'offsets' | 'groups'>): number[] | undefined {
  const { options, batch, queries } = problem;
  const { causal = 'none', align, window, alibiSlopes } = options;
  const bounded = window !== undefined && (window.left >= 0 || window.right >= 0);
  if (causal === 'none' && !bounded && alibiSlopes === undefined) return undefined;
  const resolve = (where: Align, b: number): number => {
    if (where === 'topLeft') return 0;
    return where === 'bottomRight' ? visibleKeys(problem, b, where) - queries : where.offset;
  };
  return Array.from({ length: batch }, (_, b) => {
    if (causal === 'none') return resolve(align ?? 'bottomRight', b);
    const offset = resolve(causal, b);
    if (align !== undefined && resolve(align, b) !== offset) {
      throw invalidArgument('align', `the offset of causal, ${offset}`, resolve(align, b));
    }
    return offset;
  });
}

/** Keys of a batch entry that may be seen. @throws FaMetalError where they would have to be known and are not */
export function visibleKeys(
  { kvLengths, keyLength }: Pick<ChunkedProblem, 'kvLengths' | 'keyLength'>,
  b: number,
  what: string,
): number {
  const keys = kvLengths?.[b] ?? keyLength;
  if (keys !== undefined) return keys;
  throw invalidArgument('keyLength', `the number of all keys, because ${what} counts from the last one`, keys);
}

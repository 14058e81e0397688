import { inOperation, invalidArgument, refusal } from '../errors.js';
import { expectSame } from '../partial-attention.js';
import { readObject } from '../read-object.js';
import { readTensor } from '../tensor.js';
import type { Layout, Tensor } from '../types.js';
import { sliceAxis } from './slices.js';

/** Some of the keys, [B, Hkv, n, D] or [B, n, Hkv, D], and their values. */
export interface KeyValueChunk {
  k: Tensor;
  v: Tensor;
}

/**
 * Keys and values that lie one after the other in pieces of any length: an array, an iterable that makes them one by one
 * (asynchronously too, e.g. from a file), or one tensor that is cut every `chunkLength` keys.
 */
export type KeyValueChunks =
  | Iterable<KeyValueChunk>
  | AsyncIterable<KeyValueChunk>
  | (KeyValueChunk & { chunkLength: number });

/** A piece and the index of its first key among all keys. */
export interface Piece extends KeyValueChunk {
  index: number;
  first: number;
  length: number;
}

export interface ReadChunks {
  /** All keys; undefined where only the end of an iterable tells. */
  keyLength: number | undefined;
  pieces: AsyncIterable<Piece>;
}

const keyAxis = { bhld: 2, blhd: 1 } as const;

/** @throws FaMetalError; reading the pieces too */
export function readChunks(operation: string, chunks: KeyValueChunks, layout: Layout): ReadChunks {
  if (typeof chunks !== 'object' || chunks === null) {
    throw invalidArgument('chunks', 'pieces { k, v }, or { k, v, chunkLength }', chunks);
  }
  if (Array.isArray(chunks)) {
    const list = chunks.map(readPiece);
    const keyLength = list.reduce((sum, { k }) => sum + (k.shape[keyAxis[layout]] ?? 0), 0);
    return { keyLength, pieces: inOrder(operation, list, layout) };
  }
  if (Symbol.asyncIterator in chunks || Symbol.iterator in chunks) {
    return { keyLength: undefined, pieces: inOrder(operation, chunks, layout) };
  }
  const { k, v, chunkLength } = readObject('chunks', chunks, ['k', 'v', 'chunkLength']);
  if (!Number.isSafeInteger(chunkLength) || chunkLength < 1) {
    throw invalidArgument('chunkLength', 'a whole number from 1', chunkLength);
  }
  const whole = readPiece({ k, v });
  const keyLength = whole.k.shape[keyAxis[layout]] ?? 0;
  expectSame('SHAPE_MISMATCH', 'v', `${keyLength} keys`, `${whole.v.shape[keyAxis[layout]]} keys`);
  return { keyLength, pieces: inOrder(operation, cut(whole, layout, chunkLength), layout) };
}

function readPiece(piece: KeyValueChunk): KeyValueChunk {
  const { k, v } = readObject('chunks', piece, ['k', 'v']);
  const read = { k: readTensor('k', k), v: readTensor('v', v) };
  for (const [argument, { shape }] of Object.entries(read)) {
    if (shape.length !== 4) expectSame('SHAPE_MISMATCH', argument, 'rank 4', `rank ${shape.length}`);
  }
  return read;
}

/** At least one piece, so that no keys at all are a call too. */
function* cut({ k, v }: KeyValueChunk, layout: Layout, chunkLength: number): Generator<KeyValueChunk> {
  const axis = keyAxis[layout];
  const length = k.shape[axis] ?? 0;
  let first = 0;
  do {
    const count = Math.min(chunkLength, length - first);
    yield { k: sliceAxis(k, axis, first, count), v: sliceAxis(v, axis, first, count) };
    first += count;
  } while (first < length);
}

async function* inOrder(
  operation: string,
  chunks: Iterable<KeyValueChunk> | AsyncIterable<KeyValueChunk>,
  layout: Layout,
): AsyncGenerator<Piece> {
  const axis = keyAxis[layout];
  let index = 0;
  let first = 0;
  let sizes: { k: number[]; v: number[] } | undefined;
  for await (const chunk of chunks) {
    const { k, v } = inOperation(operation, () => readPiece(chunk));
    const besideKeys = ({ shape }: Tensor) => shape.filter((_, position) => position !== axis);
    const others = { k: besideKeys(k), v: besideKeys(v) };
    sizes ??= others;
    const { k: sizesOfK, v: sizesOfV } = sizes;
    inOperation(operation, () => {
      expectSame('SHAPE_MISMATCH', 'k', sizesOfK, others.k);
      expectSame('SHAPE_MISMATCH', 'v', sizesOfV, others.v);
    });
    const length = k.shape[axis] ?? 0;
    yield { k, v, index, first, length };
    index += 1;
    first += length;
  }
  if (index > 0) return;
  inOperation(operation, () => {
    throw refusal({ code: 'INVALID_ARGUMENT', argument: 'chunks', expected: 'at least one piece', got: 'none' });
  });
}

import { inOperation } from '../errors.js';
import { expectSame } from '../partial-attention.js';
import type { AttentionOptions, AttentionResult, ProblemDescription, Tensor } from '../types.js';
import { type ChunkedAttentionOptions, type ChunkedProblem, checkLengths, readProblem } from './chunked-problem.js';
import { type KeyValueChunks, type Piece, readChunks } from './chunks.js';
import { MergedRows } from './merged-rows.js';
import { isVisible, optionsOf } from './piece-options.js';
import { sliceBatch } from './slices.js';

/** What runs the pieces; a `Device` is one. */
export interface Runner {
  attention(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): Promise<AttentionResult>;
  plan(problem: ProblemDescription): unknown;
}

/** Attention over keys in pieces, one call for each. @throws FaMetalError */
export async function runChunked(
  device: Runner,
  q: Tensor,
  chunks: KeyValueChunks,
  options: ChunkedAttentionOptions | undefined,
): Promise<Pick<AttentionResult, 'out' | 'lse'>> {
  const { problem, pieces } = readCall('attentionChunked', q, chunks, options);
  let merged: MergedRows | undefined;
  for await (const piece of pieces) {
    merged ??= new MergedRows({ ...problem, width: piece.v.shape[3] ?? 0 });
    for (const group of problem.groups) {
      const { visible, ...call } = callOf('attentionChunked', problem, group, piece);
      if (!visible) device.plan({ ...call, direction: 'forward' });
      else merged.add(await device.attention(call.q, call.k, call.v, call.options), group === 'all' ? 0 : group);
    }
  }
  return (merged as MergedRows).result(problem.q.dtype);
}

/** Checks a call as far as can be before its pieces come; they are checked, and counted, as they do. */
export function readCall(
  operation: string,
  q: Tensor,
  chunks: KeyValueChunks,
  options: ChunkedAttentionOptions | undefined,
): { problem: ChunkedProblem; pieces: AsyncGenerator<Piece> } {
  return inOperation(operation, () => {
    let read: ReturnType<typeof readChunks> | undefined;
    const problem = readProblem(q, options, (layout) => {
      read = readChunks(operation, chunks, layout);
      return read.keyLength;
    });
    return { problem, pieces: counted(operation, problem, (read as ReturnType<typeof readChunks>).pieces) };
  });
}

async function* counted(
  operation: string,
  { keyLength, kvLengths }: ChunkedProblem,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  let total = 0;
  for await (const piece of pieces) {
    total += piece.length;
    yield piece;
  }
  inOperation(operation, () => {
    if (keyLength !== undefined) expectSame('SHAPE_MISMATCH', 'keyLength', total, keyLength);
    checkLengths(kvLengths, total);
  });
}

/** One call: a piece and the rows of a group. The first piece counts as visible, since sinks and shapes go with it. */
export function callOf(
  operation: string,
  problem: ChunkedProblem,
  group: ChunkedProblem['groups'][number],
  piece: Piece,
) {
  return inOperation(operation, () => {
    const own = (tensor: Tensor): Tensor => (group === 'all' ? tensor : sliceBatch(tensor, group));
    return {
      q: own(problem.q),
      k: own(piece.k),
      v: own(piece.v),
      options: optionsOf(problem, group, piece),
      visible: piece.index === 0 || isVisible(problem, group, piece),
    };
  });
}

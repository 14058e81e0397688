import { invalidArgument } from '../errors.js';
import { expectSame } from '../partial-attention.js';
import type { AttentionOptions, Tensor } from '../types.js';
import type { ChunkedProblem } from './chunked-problem.js';
import { visibleKeys } from './chunked-problem.js';
import type { Piece } from './chunks.js';
import { denseCopy, sliceAxis, sliceBatch } from './slices.js';

type Group = ChunkedProblem['groups'][number];

/** The options of one call: a piece's share of what belongs to keys, and diagonals that are counted from its first key. */
export function optionsOf(problem: ChunkedProblem, group: Group, piece: Piece): AttentionOptions {
  const { layout, scale, softcap, window, kernel, causal = 'none' } = problem.options;
  const options = { layout, scale, softcap, window, kernel };
  const offset = problem.offsets?.[group === 'all' ? 0 : group];
  const diagonal = offset !== undefined && {
    [causal === 'none' ? 'align' : 'causal']: { offset: offset - piece.first },
  };
  return { ...definedOnly(options), ...diagonal, ...tensorsOf(problem, group, piece) };
}

function tensorsOf(problem: ChunkedProblem, group: Group, piece: Piece): AttentionOptions {
  const { options, kvLengths } = problem;
  const { first, length } = piece;
  const own = <T extends Tensor | undefined>(tensor: T): T => (group === 'all' ? tensor : sliceBatch(tensor, group));
  const share = (argument: string, tensor: Tensor | undefined, axis: number) => {
    if (!tensor) return undefined;
    checkKeys(argument, tensor, axis, problem, piece);
    return own(sliceAxis(tensor, axis, first, length));
  };
  const scales = (argument: 'kScale' | 'vScale') => {
    const tensor = share(argument, options[argument], 2);
    return tensor && denseCopy(tensor);
  };
  const lengths = kvLengths && int32(kvLengths.map((keys) => Math.max(0, Math.min(length, keys - first))));
  return definedOnly({
    mask: share('mask', options.mask, 3),
    bias: share('bias', options.bias, 3),
    alibiSlopes: options.alibiSlopes?.shape.length === 2 ? own(options.alibiSlopes) : options.alibiSlopes,
    // Sinks join the denominator once.
    sinks: piece.index === 0 ? options.sinks : undefined,
    kvLengths: lengths && own(lengths),
    kScale: scales('kScale'),
    vScale: scales('vScale'),
    rope: options.rope && ropeOf(problem, options.rope, own, piece),
  });
}

/** The last axis of a tensor that belongs to all keys; where their number is not known, there must be enough of it. */
function checkKeys(argument: string, { shape }: Tensor, axis: number, problem: ChunkedProblem, piece: Piece): void {
  const size = shape[axis] ?? 0;
  const { keyLength } = problem;
  if (keyLength !== undefined) expectSame('SHAPE_MISMATCH', argument, `${keyLength} keys`, `${size} keys`);
  const end = piece.first + piece.length;
  if (size < end) expectSame('SHAPE_MISMATCH', argument, `${end} keys or more`, `${size} keys`);
}

/** Positions are counted in all keys, so those that a call takes by default are written out. */
function ropeOf(
  problem: ChunkedProblem,
  rope: NonNullable<AttentionOptions['rope']>,
  own: (tensor: Tensor) => Tensor,
  piece: Piece,
): AttentionOptions['rope'] {
  const { first, length } = piece;
  const { batch } = problem;
  const positionsK = rope.positionsK ?? defaultKeyPositions(problem, rope.cos, piece);
  if (rope.positionsK) checkKeys('rope', rope.positionsK, 1, problem, piece);
  const share = rope.positionsK ? denseCopy(sliceAxis(positionsK, 1, first, length)) : positionsK;
  expectSame(
    'SHAPE_MISMATCH',
    'rope',
    `positionsK of ${batch} batch entries`,
    `positionsK of ${share.shape[0]} batch entries`,
  );
  return { ...rope, positionsQ: own(rope.positionsQ ?? defaultQueryPositions(problem)), positionsK: own(share) };
}

function defaultQueryPositions(problem: ChunkedProblem): Tensor {
  const { batch, queries } = problem;
  const positions = new Int32Array(batch * queries);
  for (let b = 0; b < batch; b++) {
    const start = visibleKeys(problem, b, 'rope') - queries;
    if (start < 0) {
      throw invalidArgument('rope', 'positionsQ, because Lq > Lk leaves negative default positions', undefined);
    }
    for (let i = 0; i < queries; i++) positions[b * queries + i] = start + i;
  }
  return { data: positions, shape: [batch, queries], dtype: 'int32' };
}

/** Keys that nobody sees take any position that exists. */
function defaultKeyPositions({ batch, kvLengths }: ChunkedProblem, cos: Tensor, { first, length }: Piece): Tensor {
  const last = (cos.shape[0] ?? 0) - 1;
  const positions = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const keys = kvLengths?.[b] ?? Number.POSITIVE_INFINITY;
    for (let j = 0; j < length; j++) {
      const position = first + j;
      positions[b * length + j] = position < keys ? position : Math.min(position, last);
    }
  }
  return { data: positions, shape: [batch, length], dtype: 'int32' };
}

/** Whether any row of the group may see any key of the piece, by position alone. */
export function isVisible(
  { options, offsets, queries, kvLengths, batch }: ChunkedProblem,
  group: Group,
  piece: Piece,
): boolean {
  const { first, length } = piece;
  const { causal = 'none', window = { left: -1, right: -1 } } = options;
  const entries = group === 'all' ? Array.from({ length: batch }, (_, b) => b) : [group];
  return entries.some((b) => {
    const offset = offsets?.[b] ?? 0;
    const right = causal === 'none' ? window.right : 0;
    const last = right < 0 ? Number.POSITIVE_INFINITY : queries - 1 + offset + right;
    const start = window.left < 0 ? 0 : offset - window.left;
    return first <= last && first + length > start && first < (kvLengths?.[b] ?? Number.POSITIVE_INFINITY);
  });
}

function int32(data: Int32Array): Tensor {
  return { data, shape: [data.length], dtype: 'int32' };
}

function definedOnly<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

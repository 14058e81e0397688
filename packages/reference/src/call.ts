import type { Arithmetic, Buffer } from './arithmetic.js';
import { type Broadcast, broadcast } from './broadcast.js';
import { type KeepRow, keepRows } from './dropout.js';
import { type Geometry, readGeometry, type Sequence } from './geometry.js';
import { type RowLoaders, rowLoaders } from './row-loader.js';
import { requireShape } from './tensor.js';
import type { Problem, Tensor } from './types.js';
import { diagonalOffset, readVisibility, type Visibility } from './visibility.js';

/** A problem made ready: checked, defaults filled in, readers built. */
export interface Call {
  readonly problem: Problem;
  readonly arithmetic: Arithmetic;
  readonly geometry: Geometry;
  readonly loaders: RowLoaders;
  readonly scale: number;
  /** 0 = off */
  readonly softcap: number;
  readonly visibility: Visibility;
  readonly mask?: Broadcast;
  readonly bias?: Broadcast;
  /** ALiBi's slopes, and which of them a head has. */
  readonly alibi?: { readonly data: Tensor['data']; index(batch: number, head: number): number };
  readonly sinks?: Tensor;
  readonly dropout?: { readonly keepRow: KeepRow; readonly keepFactor: number };
}

/** @throws RangeError for shapes and options that make no problem */
export function prepare(problem: Problem, arithmetic: Arithmetic): Call {
  const { options = {} } = problem;
  const geometry = readGeometry(problem);
  const { batch, queryHeads, queryLength, keyLength, width } = geometry;
  const full = [batch, queryHeads, queryLength, keyLength];
  const { mask, bias, alibiSlopes, sinks, dropout, softcap = 0, scale = 1 / Math.sqrt(width) } = options;
  if (!Number.isFinite(scale)) throw new RangeError(`scale: expected a finite number, got ${scale}`);
  if (!(softcap >= 0 && softcap < Infinity))
    throw new RangeError(`softcap: expected a finite number >= 0, got ${softcap}`);
  if (alibiSlopes) requireShape('alibiSlopes', alibiSlopes, [queryHeads], [batch, queryHeads]);
  if (sinks) requireShape('sinks', sinks, [queryHeads]);
  return {
    problem,
    arithmetic,
    geometry,
    loaders: rowLoaders(problem, geometry, arithmetic),
    scale: arithmetic.round(scale),
    softcap: arithmetic.round(softcap),
    visibility: readVisibility(options),
    ...(mask && { mask: broadcast('mask', mask, full) }),
    ...(bias && { bias: broadcast('bias', bias, full) }),
    ...(alibiSlopes && {
      alibi: {
        data: alibiSlopes.data,
        index: (batch, head) => (alibiSlopes.shape.length === 1 ? head : batch * queryHeads + head),
      },
    }),
    ...(sinks && { sinks }),
    ...(dropout && {
      dropout: { keepRow: keepRows(dropout, full), keepFactor: arithmetic.round(1 / (1 - dropout.rate)) },
    }),
  };
}

/** One query head of one sequence, its rows gathered. */
export interface Head {
  readonly sequence: Sequence;
  /** Offset of the sequence's diagonal. */
  readonly offset: number;
  readonly head: number;
  /** [queries, D], [keys, D], [keys, Dv]. */
  readonly queries: Buffer;
  readonly keys: Buffer;
  readonly values: Buffer;
}

/** Visits every query head; heads of one key/value head follow each other, and `endGroup` comes after them. */
export function forEachHead(
  call: Call,
  visit: (head: Head) => void,
  endGroup?: (sequence: Sequence, kvHead: number) => void,
): void {
  const { geometry, loaders, problem } = call;
  const group = geometry.queryHeads / geometry.kvHeads;
  for (const sequence of geometry.sequences) {
    const offset = diagonalOffset(problem.options ?? {}, sequence.queries, sequence.keys);
    for (let kvHead = 0; kvHead < geometry.kvHeads; kvHead++) {
      const keys = loaders.keys(sequence, kvHead);
      const values = loaders.values(sequence, kvHead);
      for (let head = kvHead * group; head < (kvHead + 1) * group; head++) {
        visit({ sequence, offset, head, queries: loaders.queries(sequence, head), keys, values });
      }
      endGroup?.(sequence, kvHead);
    }
  }
}

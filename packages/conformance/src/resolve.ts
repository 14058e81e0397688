import type { CaseParameters, Parameters, ValueKind } from './parameters.js';
import type { DType } from './types.js';

/** Parameters with the defaults filled in; what has no default stays absent. */
export interface Resolved extends CaseParameters {
  B: number;
  Hq: number;
  Hkv: number;
  Lq: number;
  Lk: number;
  D: number;
  Dv: number;
  dtype: Parameters['dtype'] & DType;
  layout: Parameters['layout'];
  view: Parameters['view'];
  values: ValueKind;
  gradients: boolean;
  dLse: boolean;
}

export interface SequenceLengths {
  queries: number;
  keys: number;
}

/** @throws Error when the text is not `queries-keys` joined by `+` */
export function readVarlen(text: string): SequenceLengths[] {
  return text.split('+').map((part) => {
    const match = /^(\d+)-(\d+)$/.exec(part);
    if (match === null) throw new Error(`varlen: expected queries-keys, e.g. 5-7+0-3, got ${part}`);
    return { queries: Number(match[1]), keys: Number(match[2]) };
  });
}

/** Of every batch entry, or packed sequence. */
export function sequencesOf({ varlen, B, Lq, Lk }: Resolved): SequenceLengths[] {
  return varlen === undefined ? Array.from({ length: B }, () => ({ queries: Lq, keys: Lk })) : readVarlen(varlen);
}

export function resolve(given: CaseParameters): Resolved {
  const { Hq = 1, D = 8 } = given;
  const resolved: Resolved = {
    dtype: 'float32',
    layout: 'bhld',
    view: 'packed',
    values: 'normal',
    gradients: true,
    dLse: false,
    ...given,
    B: given.B ?? 1,
    Hq,
    Hkv: given.Hkv ?? Hq,
    Lq: given.Lq ?? 5,
    Lk: given.Lk ?? 7,
    D,
    Dv: given.Dv ?? D,
  };
  // Whole pages.
  if (given.pageSize !== undefined) resolved.Lk = Math.ceil(resolved.Lk / given.pageSize) * given.pageSize;
  if (given.varlen === undefined) return resolved;
  const sequences = readVarlen(given.varlen);
  resolved.B = sequences.length;
  resolved.Lq = sequences.reduce((sum, { queries }) => sum + queries, 0);
  resolved.Lk = sequences.reduce((sum, { keys }) => sum + keys, 0);
  return resolved;
}

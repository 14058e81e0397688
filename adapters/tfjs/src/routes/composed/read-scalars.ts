import { refusal } from '@fa-metal/core';
import type { ScalarOptions } from '../../call.js';
import type { Sizes } from './read-sizes.js';

export interface Scalars {
  scale: number;
  softcap?: number | undefined;
  /** Absent where nothing is dropped. */
  dropout?: { rate: number; seed: bigint } | undefined;
}

/** @throws FaMetalError */
export function readScalars({ scale: given, softcap, dropout }: ScalarOptions, { D }: Sizes): Scalars {
  const scale = given ?? 1 / Math.sqrt(D);
  const refuse = (argument: string, expected: string, got: number) =>
    refusal({ code: 'INVALID_ARGUMENT', argument, expected, got: String(got) });
  if (!Number.isFinite(Math.fround(Math.fround(scale) * Math.LOG2E))) {
    throw refuse('scale', 'a number below 2.3e38 in size', scale);
  }
  const cap = softcap === undefined ? undefined : Math.fround(softcap);
  if (cap !== undefined && !(cap > 0 && Number.isFinite(cap))) {
    throw refuse('softcap', 'a finite number above 0', softcap as number);
  }
  return { scale, softcap: cap, ...(dropout && dropout.rate > 0 && { dropout }) };
}

type Diagonal = NonNullable<ScalarOptions['align']>;

/** What a sequence's offset and band follow from. */
export interface BandRule {
  diagonal: Diagonal;
  /** Given besides causal: must be the same diagonal. */
  align?: Diagonal | undefined;
  /** Keys to either side of the diagonal, -1 = unbounded. */
  left: number;
  right: number;
  /** Caps right at 0. */
  causal: boolean;
}

export function readRule({ causal = 'none', align, window = { left: -1, right: -1 } }: ScalarOptions): BandRule {
  const diagonal = causal === 'none' ? (align ?? 'bottomRight') : causal;
  return { diagonal, align, causal: causal !== 'none', ...window };
}

export function checkWindow({ left, right }: BandRule): void {
  if (left >= -1 && right >= -1) return;
  const expected = 'left and right of -1 or more';
  throw refusal({ code: 'INVALID_ARGUMENT', argument: 'window', expected, got: `left ${left}, right ${right}` });
}

/** Of a sequence with so many queries and visible keys. @throws FaMetalError */
export function offsetOf({ diagonal, align }: BandRule, queries: number, keys: number): number {
  const resolve = (where: Diagonal) => {
    if (where === 'topLeft') return 0;
    return where === 'bottomRight' ? keys - queries : where.offset;
  };
  const offset = resolve(diagonal);
  if (align === undefined || resolve(align) === offset) return offset;
  const expected = `the offset of causal, ${offset}`;
  throw refusal({ code: 'INVALID_ARGUMENT', argument: 'align', expected, got: String(resolve(align)) });
}

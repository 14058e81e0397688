import { numberFormats } from '../data/number-formats.js';
import { readValues } from '../data/tensor.js';
import type { DType, Tensor } from '../types.js';

/** What a result must be. */
export interface Expectation {
  /** Name in messages, e.g. `dq`. */
  name: string;
  shape: readonly number[];
  dtype: DType;
  /** Row-major truth in float64. */
  values: ArrayLike<number>;
  /** Largest allowed |result - truth| where both are finite. */
  bound: number;
  /** Elements that the contract says are 0, not merely small; row-major. */
  exactZero?: ArrayLike<number> | undefined;
}

/**
 * Says how a result misses its expectation, or undefined when it meets it.
 * Order: shape, dtype, size of the data, NaN and infinities by position and sign, zeros, then the bound. -0 counts as 0.
 */
export function mismatch(result: Tensor, expected: Expectation): string | undefined {
  const { name, shape, dtype } = expected;
  if (result.shape.length !== shape.length || shape.some((size, axis) => size !== result.shape[axis])) {
    return `${name}: expected shape [${shape.join(', ')}], got [${result.shape.join(', ')}]`;
  }
  if (result.dtype !== dtype) return `${name}: expected dtype ${dtype}, got ${result.dtype}`;
  let values: Float64Array;
  try {
    values = readValues(result);
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return mismatchOfValues(values, expected);
}

function mismatchOfValues(values: Float64Array, expected: Expectation): string | undefined {
  const { name, values: truth, bound, exactZero } = expected;
  if (values.length !== truth.length) return `${name}: expected ${truth.length} elements, got ${values.length}`;
  if (!(bound >= 0 && bound < Infinity)) return `${name}: expected a finite bound, got ${bound}`;
  const at = (index: number): string => `${name}[${coordinates(index, expected.shape).join(', ')}]`;
  for (let i = 0; i < values.length; i++) {
    if (!sameKind(values[i]!, truth[i]!))
      return `${at(i)}: expected ${describe(truth[i]!)}, got ${describe(values[i]!)}`;
  }
  let worst = -1;
  let worstError = bound;
  for (let i = 0; i < values.length; i++) {
    if (exactZero?.[i] && values[i] !== 0) return `${at(i)}: expected exactly 0, got ${values[i]}`;
    const error = Math.abs(values[i]! - truth[i]!);
    if (error > worstError) [worst, worstError] = [i, error];
  }
  if (worst < 0) return undefined;
  const times = bound > 0 ? ` (${(worstError / bound).toPrecision(3)} times the bound)` : '';
  return `${at(worst)}: expected ${truth[worst]}, got ${values[worst]}; off by ${worstError.toExponential(3)}, bound ${bound.toExponential(3)}${times}`;
}

/** Both finite, both NaN, or the same infinity. */
function sameKind(a: number, b: number): boolean {
  if (Number.isFinite(a) || Number.isFinite(b)) return Number.isFinite(a) && Number.isFinite(b);
  return Object.is(a, b);
}

function describe(value: number): string {
  return Number.isFinite(value) ? `a finite number (${value})` : String(value);
}

function coordinates(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

/** Index of the first element that differs in its bits, with both; undefined when none does. NaNs of any payload are equal. */
export function bitDifference(a: Tensor, b: Tensor): string | undefined {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join())
    return `${a.dtype} [${a.shape.join(', ')}] against ${b.dtype} [${b.shape.join(', ')}]`;
  const left = readValues(a);
  const right = readValues(b);
  const index = left.findIndex((value, i) => !Object.is(value, right[i]));
  return index < 0 ? undefined : `[${coordinates(index, a.shape).join(', ')}]: ${left[index]} against ${right[index]}`;
}

/** One rounding step of the dtype at the largest finite magnitude of `values`. */
export function quantumOf(values: ArrayLike<number>, dtype: DType): number {
  return numberFormats[dtype].quantum(largest(values));
}

/** Largest finite magnitude; 0 when there is none. */
export function largest(values: ArrayLike<number>): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > found && magnitude < Infinity) found = magnitude;
  }
  return found;
}

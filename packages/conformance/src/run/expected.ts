import type { BuiltCall } from '../data/assemble.js';
import { accuracyBound, negligible } from '../expect/bound.js';
import { type Expectation, largest } from '../expect/compare.js';
import type { OutputName } from '../types.js';
import type { Numbers, Results } from './ask.js';
import type { Answer } from './oracle.js';

export interface ExpectationOptions {
  /** The adapter's gradients inherit the rounding of lse. */
  gradientsFromLse: boolean;
}

/** What each result of a call must be. */
export function expectations(
  built: BuiltCall,
  { truth, naiveErrors }: Answer,
  { gradientsFromLse }: ExpectationOptions,
): Expectation[] {
  const largestLse = gradientsFromLse ? largest(truth.lse!.data) : 0;
  const zeroRows: Partial<Record<string, Uint8Array>> = { out: rowsOfZeros(truth.out!), ...zeroGradients(truth) };
  return [...built.outputs].map(([name, { tensor }]) => {
    const { data, shape } = truth[name]!;
    const isGradient = name !== 'out' && name !== 'lse';
    const rows = zeroRows[name];
    return {
      name,
      shape,
      dtype: tensor.dtype,
      values: data,
      bound: accuracyBound({
        dtype: tensor.dtype,
        reference: data,
        naiveError: naiveErrors[name]!,
        factor: isGradient ? 3 : 2,
        ...(isGradient && { largestLse, lost: lostGradient(built) }),
      }),
      exactZero: rows && spread(rows, shape.at(-1)!),
    };
  });
}

/** Bound of what negligible weights add to dq or dk: shows only where every other term cancels. */
function lostGradient({ question, parameters }: BuiltCall): number {
  const {
    problem: { q, k, v, options },
    dOut,
  } = question;
  const { Lq, Lk, D, Dv } = parameters;
  const scale = Math.abs(options?.scale ?? 1 / Math.sqrt(D));
  const perWeight = 2 * Dv * largest(dOut!.data) * largest(v.data) * scale * Math.max(largest(q.data), largest(k.data));
  return negligible * Math.max(Lq, Lk) * perWeight;
}

/** Rows of gradients that the contract makes exactly 0: a query that sees no key, and a key that no query sees. */
function zeroGradients({ out, dq, dk, dv }: Results): Partial<Record<OutputName, Uint8Array>> {
  if (dq === undefined || dk === undefined || dv === undefined) return {};
  const keys = both(rowsOfZeros(dk), rowsOfZeros(dv));
  return { dq: both(rowsOfZeros(dq), rowsOfZeros(out!)), dk: keys, dv: keys };
}

/** A single row of zeros may come of terms that cancel; out and dq, or dk and dv, do not cancel together. */
function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((zero, row) => zero & b[row]!);
}

/** Marks rows that are 0 throughout in float64. */
function rowsOfZeros({ data, shape }: Numbers): Uint8Array {
  const width = shape.at(-1)!;
  const rows = new Uint8Array(data.length / Math.max(width, 1)).fill(1);
  data.forEach((value, index) => {
    if (value !== 0) rows[Math.floor(index / width)] = 0;
  });
  return rows;
}

function spread(rows: Uint8Array, width: number): Uint8Array {
  return Uint8Array.from({ length: rows.length * width }, (_, index) => rows[Math.floor(index / width)]!);
}

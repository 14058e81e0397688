import { attention, attentionBackward, naiveAttention, naiveAttentionBackward, type Tensor as ReferenceTensor } from '@fa-metal/reference';
import type { BuiltCall } from '../data/call.js';
import { accuracyBound } from '../expect/bound.js';
import { type Expectation, largest } from '../expect/compare.js';
import type { OutputName } from '../types.js';

type Numbers = ReferenceTensor<Float64Array>;
type Results = Partial<Record<OutputName, Numbers>>;

/** What the oracle and the plain implementation say about one call. */
export interface Answer {
  truth: Results;
  naive: Results;
}

/** Answers of late, by id: adapters that take turns at a case share the oracle's work. */
const recent = new Map<string, Answer>();
const keptAnswers = 4;

export function answer(key: string, built: BuiltCall): Answer {
  const known = recent.get(key);
  if (known !== undefined) return known;
  const found = ask(built);
  recent.set(key, found);
  if (recent.size > keptAnswers) recent.delete(recent.keys().next().value!);
  return found;
}

function ask({ question, parameters }: BuiltCall): Answer {
  const { problem, dOut, dLse } = question;
  const truth: Results = attention(problem);
  const naive: Results = naiveAttention(problem, parameters.dtype);
  if (dOut === undefined) return { truth, naive };
  const gradients = { dOut, ...(dLse && { dLse }) };
  return {
    truth: { ...truth, ...attentionBackward(problem, gradients) },
    naive: { ...naive, ...naiveAttentionBackward(problem, gradients, parameters.dtype) },
  };
}

export interface ExpectationOptions {
  /** The adapter's gradients inherit the rounding of lse. */
  gradientsFromLse: boolean;
}

/** What each result of a call must be. */
export function expectations(built: BuiltCall, { truth, naive }: Answer, { gradientsFromLse }: ExpectationOptions): Expectation[] {
  const largestLse = gradientsFromLse ? largest(truth.lse!.data) : 0;
  const zeroRows: Partial<Record<string, Uint8Array>> = { out: rowsOfZeros(truth.out!), ...zeroGradients(truth) };
  return [...built.outputs].map(([name, { tensor }]) => {
    const { data, shape } = truth[name]!;
    const isGradient = name !== 'out' && name !== 'lse';
    const rows = zeroRows[name];
    return {
      name, shape, dtype: tensor.dtype, values: data,
      bound: accuracyBound({
        dtype: tensor.dtype as 'float32', reference: data, naive: naive[name]!.data,
        factor: isGradient ? 3 : 2, largestLse: isGradient ? largestLse : 0,
      }),
      exactZero: rows && spread(rows, shape.at(-1)!),
    };
  });
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

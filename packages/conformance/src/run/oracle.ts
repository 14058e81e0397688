import { attention, attentionBackward, naiveAttention, naiveAttentionBackward, roundTo, type Tensor } from '@fa-metal/reference';
import type { BuiltCall, Question } from '../data/call.js';
import { RandomStream } from '../data/random.js';
import { largestError } from '../expect/bound.js';
import type { OutputName } from '../types.js';

export type Numbers = Tensor<Float64Array>;
export type Results = Partial<Record<OutputName, Numbers>>;

/** What the oracle says about a call, and how far a plain implementation is from it. */
export interface Answer {
  readonly truth: Results;
  /** Largest error of the plain implementation, over the orders of summation tried. */
  naiveErrors: Partial<Record<OutputName, number>>;
  /** Ways to compute that were tried. */
  orders: number;
}

/** Answers of late, by key: adapters that take turns at a case share the oracle's work. */
const recent = new Map<string, Answer>();
const keptAnswers = 4;

export function answer(key: string, built: BuiltCall): Answer {
  const known = recent.get(key);
  if (known !== undefined) return known;
  const found = createAnswer(built, ask(built.question));
  recent.set(key, found);
  if (recent.size > keptAnswers) recent.delete(recent.keys().next().value!);
  return found;
}

/** An answer whose truth is given, such as that of a gold vector. */
export function createAnswer(built: BuiltCall, truth: Results): Answer {
  return addErrors({ truth, naiveErrors: {}, orders: 1 }, askNaively(built.question, built));
}

/** Ways to compute that are tried before a result counts as too far off. */
const mostOrders = 12;

/**
 * In a small case the plain implementation may be right by luck, and a bound made of its error then asks for luck.
 * So before a result fails, the plain implementation also sums the columns of its dot products in other orders, and
 * applies the scale to q, as many do, in place of the product; the largest error counts.
 * @returns false when all orders have been tried
 */
export function tryMoreOrders(found: Answer, built: BuiltCall): boolean {
  // Rotary embedding pairs columns, so they have but one order.
  if (found.orders >= mostOrders || built.parameters.rope !== undefined) return false;
  for (; found.orders < mostOrders; found.orders++) {
    const order = shuffled(built.parameters.D, `${built.call.id}/order${found.orders}`);
    const scaleOfQ = found.orders % 2 === 0 ? 1 : (built.parameters.scale ?? 1 / Math.sqrt(built.parameters.D));
    addErrors(found, askInOrder(built, order, scaleOfQ));
  }
  return true;
}

function askInOrder(built: BuiltCall, order: readonly number[], scaleOfQ: number): Results {
  const { question, parameters: { dtype, D, scale = 1 / Math.sqrt(D) } } = built;
  const { q, k, options } = question.problem;
  const problem = {
    ...question.problem,
    q: mapColumns(q, order, (value) => Math.fround(value * Math.fround(scaleOfQ))),
    k: mapColumns(k, order),
    // A scale of 0 stays where it is.
    options: { ...options, scale: scaleOfQ === 0 ? 0 : scale / scaleOfQ },
  };
  const results = askNaively({ ...question, problem }, built);
  const back = inverse(order);
  const { dq, dk } = results;
  if (dq !== undefined) results.dq = mapColumns(dq, back, (value) => roundTo(dtype, value * scaleOfQ));
  if (dk !== undefined) results.dk = mapColumns(dk, back);
  return results;
}

function ask({ problem, dOut, dLse }: Question): Results {
  const forward = attention(problem);
  return dOut === undefined ? { ...forward } : { ...forward, ...attentionBackward(problem, { dOut, ...(dLse && { dLse }) }) };
}

function askNaively({ problem, dOut, dLse }: Question, { parameters: { dtype } }: BuiltCall): Results {
  const forward = naiveAttention(problem, dtype);
  return dOut === undefined ? { ...forward } : { ...forward, ...naiveAttentionBackward(problem, { dOut, ...(dLse && { dLse }) }, dtype) };
}

function addErrors(found: Answer, naive: Results): Answer {
  for (const [name, { data }] of Object.entries(found.truth) as [OutputName, Numbers][]) {
    const error = largestError(naive[name]!.data, data);
    found.naiveErrors[name] = Math.max(found.naiveErrors[name] ?? 0, error);
  }
  return found;
}

function shuffled(length: number, seed: string): number[] {
  const stream = new RandomStream(seed);
  const order = Array.from({ length }, (_, index) => index);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function inverse(order: readonly number[]): number[] {
  const back = new Array<number>(order.length);
  order.forEach((from, to) => {
    back[from] = to;
  });
  return back;
}

/** The columns `order[0], order[1], ...` of a row-major tensor. */
function mapColumns({ data, shape }: Tensor, order: readonly number[], map = (value: number) => value): Numbers {
  const width = order.length;
  return { data: Float64Array.from({ length: data.length }, (_, i) => map(data[i - (i % width) + order[i % width]!]!)), shape };
}

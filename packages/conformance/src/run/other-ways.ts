import { roundTo, type Tensor } from '@fa-metal/reference';
import type { BuiltCall } from '../data/assemble.js';
import { RandomStream } from '../data/random.js';
import type { Resolved } from '../resolve.js';
import { askNaively, type Numbers, type Results } from './ask.js';

/** A tensor seen as [outer, size, inner], whose middle axis is put in another order. */
interface Axis {
  size: number;
  inner: number;
}

/**
 * The plain implementation with its sums in another order: columns of q and k, columns of v, and keys where nothing
 * depends on their place. Every second way applies the scale to q in place of the product, as many do.
 */
export function askInAnotherWay(built: BuiltCall, way: number): Results {
  const { question, call, parameters } = built;
  const { dtype, D, Dv, Lk, scale = 1 / Math.sqrt(D) } = parameters;
  const { q, k, v, options } = question.problem;
  const stream = new RandomStream(`${call.id}/way${way}`);
  // Rotary embedding pairs columns of q and k, so they have but one order.
  const columns = parameters.rope === undefined ? shuffled(D, stream) : identity(D);
  const valueColumns = shuffled(Dv, stream);
  const keys = keysAreAlike(parameters) ? shuffled(Lk, stream) : identity(Lk);
  const [last, values] = [
    { size: D, inner: 1 },
    { size: Dv, inner: 1 },
  ];
  const keyAxis = (width: number): Axis => ({
    size: Lk,
    inner: parameters.layout === 'bhld' ? width : width * parameters.Hkv,
  });
  const scaleOfQ = way % 2 === 0 || scale === 0 ? 1 : scale;
  const scaled = reorder(q, columns, last, (value) => Math.fround(value * Math.fround(scaleOfQ)));
  const results = askNaively(
    {
      problem: {
        q: scaled,
        k: reorder(reorder(k, columns, last), keys, keyAxis(D)),
        v: reorder(reorder(v, valueColumns, values), keys, keyAxis(Dv)),
        options: { ...options, scale: scale / scaleOfQ },
      },
      ...(question.dOut && { dOut: { ...question.dOut, ...reorder(question.dOut, valueColumns, values) } }),
      ...(question.dLse && { dLse: question.dLse }),
    },
    dtype,
  );
  const { out, dq, dk, dv } = results;
  return {
    ...results,
    out: reorder(out!, inverse(valueColumns), values),
    ...(dq && { dq: reorder(dq, inverse(columns), last, (value) => roundTo(dtype, value * scaleOfQ)) }),
    ...(dk && { dk: reorder(reorder(dk, inverse(columns), last), inverse(keys), keyAxis(D)) }),
    ...(dv && { dv: reorder(reorder(dv, inverse(valueColumns), values), inverse(keys), keyAxis(Dv)) }),
  };
}

/** Whether every query sees every key, and no option names a key by its place. */
function keysAreAlike({ causal = 'none', left, right, ...given }: Resolved): boolean {
  const named = [
    'mask',
    'bias',
    'alibi',
    'dropout',
    'kvLengths',
    'varlen',
    'pageSize',
    'int8',
    'rope',
    'file',
  ] as const;
  return (
    causal === 'none' && left === undefined && right === undefined && named.every((name) => given[name] === undefined)
  );
}

function identity(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function shuffled(length: number, stream: RandomStream): number[] {
  const order = identity(length);
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

/** The entries `order[0], order[1], ...` of one axis of a row-major tensor. */
function reorder(
  { data, shape }: Tensor,
  order: readonly number[],
  { size, inner }: Axis,
  map = (value: number) => value,
): Numbers {
  const reordered = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const place = Math.floor(i / inner) % size;
    reordered[i] = map(data[i + (order[place]! - place) * inner]!);
  }
  return { data: reordered, shape };
}

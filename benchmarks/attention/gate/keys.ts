import { roundTo } from '@fa-metal/reference';
import { type Expected, SampleBuilder } from './expected.js';
import type { Values } from './values.js';

/** Some keys of one head. */
export interface KeySample {
  readonly batch: number;
  readonly kvHead: number;
  readonly indices: readonly number[];
}

/** dk and dv of these keys: sums over every query row that sees them, so each of those rows is computed. */
export function expectedKeys(values: Values, sample: KeySample): Expected {
  const { keys, headDim, dtype } = values.problem;
  const [dk, dv] = [new SampleBuilder(3), new SampleBuilder(3)];
  const exact = gradients(values, sample, { round: (value) => value, store: (value) => value });
  const naive = gradients(values, sample, { round: Math.fround, store: (value) => roundTo(dtype, value) });
  for (const [place, index] of sample.indices.entries()) {
    const begin = ((sample.batch * values.kvHeads + sample.kvHead) * keys + index) * headDim;
    const part = (all: Float64Array) => all.subarray(place * headDim, (place + 1) * headDim);
    dk.add(begin, part(exact.dk), part(naive.dk));
    dv.add(begin, part(exact.dv), part(naive.dv));
  }
  return { dk, dv };
}

interface Arithmetic {
  /** After every operation. */
  readonly round: (value: number) => number;
  /** Of a result in the problem's dtype. */
  readonly store: (value: number) => number;
}

function gradients(values: Values, { batch, kvHead, indices }: KeySample, { round, store }: Arithmetic) {
  const { heads, queries, headDim } = values.problem;
  const group = heads / values.kvHeads;
  const scale = round(1 / Math.sqrt(headDim));
  const [dk, dv] = [new Float64Array(indices.length * headDim), new Float64Array(indices.length * headDim)];
  const earliest = Math.min(...indices);
  for (let head = kvHead * group; head < (kvHead + 1) * group; head++) {
    for (let index = 0; index < queries; index++) {
      const seen = values.seenBy(index);
      if (seen <= earliest) continue;
      const row = { batch, head, index };
      const { k, v } = values.keysSeenBy(row);
      const [q, dOut] = [values.queryRow(values.q, row), values.queryRow(values.dOut, row)];
      const p = softmax(q, k.data, { scale, seen, round });
      const delta = dot(dOut, 0, weightedSum(p, v.data, { headDim, round, store }), round);
      for (const [place, key] of indices.entries()) {
        if (key >= seen) continue;
        const weight = p[key] as number;
        const dS = round(round(weight * round(dot(dOut, key * headDim, v.data, round) - delta)) * scale);
        addTimes(dv, place * headDim, { factor: weight, of: dOut, round });
        addTimes(dk, place * headDim, { factor: dS, of: q, round });
      }
    }
  }
  return { dk: dk.map(store), dv: dv.map(store) };
}

type Round = Arithmetic['round'];

function softmax(
  q: Float64Array,
  k: ArrayLike<number>,
  { scale, seen, round }: { scale: number; seen: number; round: Round },
): Float64Array {
  const p = new Float64Array(seen);
  let largest = Number.NEGATIVE_INFINITY;
  for (let key = 0; key < seen; key++) {
    p[key] = round(dot(q, key * q.length, k, round) * scale);
    largest = Math.max(largest, p[key] as number);
  }
  let sum = 0;
  for (let key = 0; key < seen; key++) {
    p[key] = round(Math.exp(round((p[key] as number) - largest)));
    sum = round(sum + (p[key] as number));
  }
  for (let key = 0; key < seen; key++) p[key] = round((p[key] as number) / sum);
  return p;
}

/** a · b[begin...] */
function dot(a: Float64Array, begin: number, b: ArrayLike<number>, round: Round): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    sum = round(sum + round((a[index] as number) * (b[begin + index] as number)));
  }
  return sum;
}

/** A row of the output, as it is stored. */
function weightedSum(
  p: Float64Array,
  v: ArrayLike<number>,
  { headDim, round, store }: Arithmetic & { headDim: number },
): Float64Array {
  const out = new Float64Array(headDim);
  for (let key = 0; key < p.length; key++) {
    const weight = p[key] as number;
    for (let index = 0; index < headDim; index++) {
      out[index] = round((out[index] as number) + round(weight * (v[key * headDim + index] as number)));
    }
  }
  return out.map(store);
}

function addTimes(
  to: Float64Array,
  begin: number,
  { factor, of, round }: { factor: number; of: Float64Array; round: Round },
): void {
  for (let index = 0; index < of.length; index++) {
    to[begin + index] = round((to[begin + index] as number) + round(factor * (of[index] as number)));
  }
}

import { roundTo } from '@fa-metal/reference';
import { type Expected, SampleBuilder } from './expected.js';
import type { Row } from './rows.js';
import type { RowStatistics } from './statistics.js';
import type { Values } from './values.js';

/** Some keys of one head. */
export interface KeySample {
  readonly batch: number;
  readonly kvHead: number;
  readonly indices: readonly number[];
}

/** dk and dv of these keys: sums over every query row that sees them. */
export function expectedKeys(values: Values, statistics: RowStatistics, sample: KeySample): Expected {
  const { keys, headDim, dtype } = values.problem;
  const largestLse = statistics.lse.reduce((largest, lse) => Math.max(largest, Math.abs(lse)), 0);
  const [dk, dv] = [new SampleBuilder(3, largestLse), new SampleBuilder(3, largestLse)];
  const exact = { round: (value: number) => value, store: (value: number) => value };
  const naive = { round: Math.fround, store: (value: number) => roundTo(dtype, value) };
  for (const index of sample.indices) {
    const key = { ...sample, index };
    const begin = ((sample.batch * values.kvHeads + sample.kvHead) * keys + index) * headDim;
    const [truth, plain] = [exact, naive].map((precision) => gradientsOf(key, values, statistics, precision));
    dk.add(begin, truth?.dk as Float64Array, plain?.dk as Float64Array);
    dv.add(begin, truth?.dv as Float64Array, plain?.dv as Float64Array);
  }
  return { dk, dv };
}

interface Key {
  readonly batch: number;
  readonly kvHead: number;
  readonly index: number;
}

interface Precision {
  /** After every operation. */
  readonly round: (value: number) => number;
  /** Of a tensor in the problem's dtype. */
  readonly store: (value: number) => number;
}

function gradientsOf(key: Key, values: Values, statistics: RowStatistics, { round, store }: Precision) {
  const { heads, queries, headDim } = values.problem;
  const group = heads / values.kvHeads;
  const scale = round(1 / Math.sqrt(headDim));
  const [k, v] = [values.keyRow(values.k, key), values.keyRow(values.v, key)];
  const [dk, dv] = [new Float64Array(headDim), new Float64Array(headDim)];
  for (let head = key.kvHead * group; head < (key.kvHead + 1) * group; head++) {
    for (let index = 0; index < queries; index++) {
      if (values.seenBy(index) <= key.index) continue;
      const row: Row = { batch: key.batch, head, index };
      const [q, dOut] = [values.queryRow(values.q, row), values.queryRow(values.dOut, row)];
      const score = round(dot(q, k, round) * scale);
      const p = round(Math.exp(round(score - (statistics.lse[values.placeOf(row)] as number))));
      const delta = dot(dOut, Float64Array.from(values.queryRow(statistics.out, row), store), round);
      const dScore = round(round(p * round(dot(dOut, v, round) - delta)) * scale);
      addTimes(dv, { factor: p, row: dOut, round });
      addTimes(dk, { factor: dScore, row: q, round });
    }
  }
  return { dk: dk.map(store), dv: dv.map(store) };
}

function dot(a: Float64Array, b: Float64Array, round: Precision['round']): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    sum = round(sum + round((a[index] as number) * (b[index] as number)));
  }
  return sum;
}

function addTimes(
  to: Float64Array,
  { factor, row, round }: { factor: number; row: Float64Array; round: Precision['round'] },
): void {
  for (let index = 0; index < row.length; index++) {
    to[index] = round((to[index] as number) + round(factor * (row[index] as number)));
  }
}

import type { Buffer } from './arithmetic.js';
import type { Call, Head } from './call.js';
import { visibleKeys } from './visibility.js';

/** Everything about one query row, indexed by its visible keys: entry `n` belongs to key `visible[n]`. */
export interface Row {
  count: number;
  readonly visible: Int32Array;
  readonly scores: Buffer;
  /** Derivative of the score by `scale * dot(q, k)`: 1, or what softcap makes of it. */
  readonly derivatives: Buffer;
  /** Softmax of the scores, before dropout. */
  readonly probabilities: Buffer;
  /** keep / (1 - rate); 1 without dropout. */
  readonly keepFactors: Buffer;
  lse: number;
  /** Share of the sink in the denominator. */
  sinkProbability: number;
  /** [Dv] */
  readonly out: Buffer;
  /** Dropout decisions by key. */
  readonly keep: Uint8Array;
}

export function createRow({ arithmetic, geometry }: Call): Row {
  const { keyLength, valueWidth } = geometry;
  return {
    count: 0,
    visible: new Int32Array(keyLength),
    scores: arithmetic.buffer(keyLength),
    derivatives: arithmetic.buffer(keyLength).fill(1),
    probabilities: arithmetic.buffer(keyLength),
    keepFactors: arithmetic.buffer(keyLength).fill(1),
    lse: 0,
    sinkProbability: 0,
    out: arithmetic.buffer(valueWidth),
    keep: new Uint8Array(keyLength),
  };
}

/** Fills `row` for query `i`: the contract's forward, steps 1 to 8. A pair that is not visible is never multiplied. */
export function computeRow(call: Call, head: Head, i: number, row: Row): void {
  const { sequence, offset } = head;
  row.count = visibleKeys(call.visibility, i + offset, sequence.keys, hiddenKeys(call, head, i), row.visible);
  computeScores(call, head, i, row);
  computeSoftmax(call, head, row);
  applyDropout(call, head, i, row);
  computeOut(call, head, row);
}

/** A mask hides the keys where it is false, a bias those where it is minus infinity. */
function hiddenKeys({ mask, bias }: Call, { sequence, head }: Head, i: number): (key: number) => boolean {
  const maskRow = mask ? mask.row(sequence.index, head, i) : 0;
  const biasRow = bias ? bias.row(sequence.index, head, i) : 0;
  return (key) => (mask && !mask.data[maskRow + key]) || bias?.data[biasRow + key] === -Infinity;
}

function computeScores(call: Call, head: Head, i: number, row: Row): void {
  const { scale, softcap, bias, alibi, arithmetic } = call;
  const { round, dot } = arithmetic;
  const { width } = call.geometry;
  const biasRow = bias ? bias.row(head.sequence.index, head.head, i) : 0;
  const slope = alibi ? alibi.data[alibi.index(head.sequence.index, head.head)]! : 0;
  for (let n = 0; n < row.count; n++) {
    const j = row.visible[n]!;
    let score = round(scale * dot(head.queries, i * width, head.keys, j * width, width));
    if (softcap > 0) {
      const capped = round(Math.tanh(round(score / softcap)));
      score = round(softcap * capped);
      row.derivatives[n] = 1 - round(capped * capped);
    }
    if (bias) score = round(score + bias.data[biasRow + j]!);
    if (alibi) score = round(score - round(slope * Math.abs(i + head.offset - j)));
    row.scores[n] = score;
  }
}

function computeSoftmax({ sinks, arithmetic }: Call, { head }: Head, row: Row): void {
  const { round } = arithmetic;
  const { scores, probabilities } = row;
  const sink = sinks ? sinks.data[head]! : -Infinity;
  let maximum = sink;
  for (let n = 0; n < row.count; n++) maximum = Math.max(maximum, scores[n]!);
  if (maximum === -Infinity) {
    // Nothing is visible, or only scores of minus infinity, which is the same.
    row.count = 0;
    row.lse = -Infinity;
    row.sinkProbability = 0;
    return;
  }
  const sinkWeight = round(Math.exp(round(sink - maximum)));
  let sum = sinkWeight;
  for (let n = 0; n < row.count; n++) {
    probabilities[n] = Math.exp(round(scores[n]! - maximum));
    sum = round(sum + probabilities[n]!);
  }
  for (let n = 0; n < row.count; n++) probabilities[n] = probabilities[n]! / sum;
  row.lse = round(maximum + round(Math.log(sum)));
  row.sinkProbability = round(sinkWeight / sum);
}

function applyDropout({ dropout }: Call, { sequence, head }: Head, i: number, row: Row): void {
  if (!dropout) return;
  dropout.keepRow(sequence.index, head, i, sequence.keys, row.keep);
  for (let n = 0; n < row.count; n++) row.keepFactors[n] = row.keep[row.visible[n]!]! * dropout.keepFactor;
}

function computeOut({ arithmetic, geometry }: Call, { values }: Head, row: Row): void {
  const { valueWidth } = geometry;
  row.out.fill(0);
  for (let n = 0; n < row.count; n++) {
    const weight = row.probabilities[n]! * row.keepFactors[n]!;
    arithmetic.addScaled(weight, values, row.visible[n]! * valueWidth, row.out, 0, valueWidth);
  }
}

import type { Buffer } from './arithmetic.js';
import type { Call, Head } from './call.js';
import type { Row } from './row.js';

/** Gradients being summed: those of q, k and v for one head at a time, [tokens, columns]; the rest whole. */
export interface Sums {
  readonly dQueries: Buffer;
  readonly dKeys: Buffer;
  readonly dValues: Buffer;
  readonly dBias?: Buffer;
  readonly dAlibiSlopes?: Buffer;
  readonly dSinks?: Buffer;
}

export function createSums({ arithmetic, geometry, bias, alibi, sinks }: Call): Sums {
  const { queryLength, keyLength, width, valueWidth } = geometry;
  return {
    dQueries: arithmetic.buffer(queryLength * width),
    dKeys: arithmetic.buffer(keyLength * width),
    dValues: arithmetic.buffer(keyLength * valueWidth),
    ...(bias && { dBias: arithmetic.buffer(bias.data.length) }),
    ...(alibi && { dAlibiSlopes: arithmetic.buffer(alibi.data.length) }),
    ...(sinks && { dSinks: arithmetic.buffer(sinks.data.length) }),
  };
}

/** One query row whose forward is known, and the gradients that reach it. */
export interface RowTask {
  readonly call: Call;
  readonly head: Head;
  readonly i: number;
  readonly row: Row;
  /** [Dv] */
  readonly dOut: Buffer;
  readonly dLse: number;
  readonly sums: Sums;
}

/** Adds what row `i` contributes to every gradient. A row that sees nothing contributes nothing. */
export function addRowGradients({ call, head, i, row, dOut, dLse, sums }: RowTask): void {
  if (row.lse === -Infinity) return;
  const { arithmetic, bias, alibi, scale, geometry } = call;
  const { round, dot, addScaled } = arithmetic;
  const { width, valueWidth } = geometry;
  const { index } = head.sequence;
  const biasRow = bias ? bias.row(index, head.head, i) : 0;
  const slopeIndex = alibi ? alibi.index(index, head.head) : 0;
  const delta = round(dot(dOut, 0, row.out, 0, valueWidth) - dLse);
  for (let n = 0; n < row.count; n++) {
    const j = row.visible[n]!;
    const probability = row.probabilities[n]!;
    const keepFactor = row.keepFactors[n]!;
    addScaled(round(probability * keepFactor), dOut, 0, sums.dValues, j * valueWidth, valueWidth);
    const dProbability = round(keepFactor * dot(dOut, 0, head.values, j * valueWidth, valueWidth));
    const dScore = round(probability * round(dProbability - delta));
    if (sums.dBias) sums.dBias[biasRow + j]! += dScore;
    if (sums.dAlibiSlopes) sums.dAlibiSlopes[slopeIndex]! -= round(dScore * Math.abs(i + head.offset - j));
    const dDot = round(scale * round(dScore * row.derivatives[n]!));
    addScaled(dDot, head.keys, j * width, sums.dQueries, i * width, width);
    addScaled(dDot, head.queries, i * width, sums.dKeys, j * width, width);
  }
  if (sums.dSinks) sums.dSinks[head.head]! -= round(row.sinkProbability * delta);
}

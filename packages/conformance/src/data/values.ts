import type { Parameters } from '../parameters.js';
import type { Resolved } from '../resolve.js';
import type { DType } from '../types.js';
import { roundInPlace } from './number-formats.js';
import { RandomStream } from './random.js';
import { elementCount } from './tensor.js';

/** Row-major numbers, each exactly what the dtype holds. */
export interface Values {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Draws one number; `row` counts rows of the innermost axis and `rows` is how many there are in a head. */
type Draw = (stream: RandomStream, row: number, rows: number) => number;

export function draw(name: string, shape: readonly number[], dtype: DType, drawOne: Draw, rows = 1): Values {
  const stream = new RandomStream(name);
  const width = shape.at(-1) ?? 1;
  const data = new Float64Array(elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / width) % rows;
    data[i] = drawOne(stream, row, rows);
  }
  return { data: roundInPlace(dtype, data), shape, dtype };
}

export const normal: Draw = (stream) => stream.normal();

const zero: Draw = (stream) => stream.normal() * 0;

/** One row in eight is four times larger, so that some logits stand out and the running maximum moves. */
const spread: Draw = (stream, row) => stream.normal() * (row % 8 === 5 ? 4 : 1);

/** Scales a standard normal row by a function of where the row lies in its head. */
const scaled =
  (factor: (place: number) => number): Draw =>
  (stream, row, rows) =>
    stream.normal() * factor(rows > 1 ? row / (rows - 1) : 0);
const positive =
  (factor: (place: number) => number): Draw =>
  (stream, row, rows) =>
    (1 + 0.1 * stream.normal()) * factor(rows > 1 ? row / (rows - 1) : 0);

interface Draws {
  q: Draw;
  k: Draw;
  v: Draw;
}

/** Kinds of data; each aims at one way in which a softmax over blocks of keys can go wrong. */
const kinds: Readonly<Record<Parameters['values'], Draws>> = {
  normal: { q: spread, k: normal, v: normal },
  /** One key takes almost all the weight. */
  peaked: { q: scaled(() => 6), k: scaled(() => 6), v: normal },
  /** Products far below the smallest normal float32. */
  denormal: { q: scaled(() => 1e-20), k: scaled(() => 1e-20), v: scaled(() => 1e-39) },
  tiny: { q: scaled(() => 1e-3), k: scaled(() => 1e-3), v: scaled(() => 1e-3) },
  zeroQ: { q: zero, k: normal, v: normal },
  equalKeys: { q: normal, k: positive(() => 1), v: normal },
  /** The maximum rises with every key: every block rescales what was summed before. */
  ascending: { q: positive(() => 1), k: positive((place) => 4 * place - 2), v: normal },
  descending: { q: positive(() => 1), k: positive((place) => 2 - 4 * place), v: normal },
  outlierV: { q: spread, k: normal, v: scaled((place) => (place === 1 ? 2000 : 1)) },
};

/** q, k or v of a case. */
export function operand(
  which: 'q' | 'k' | 'v',
  seed: string,
  shape: readonly number[],
  rows: number,
  { values, dtype }: Resolved,
): Values {
  return draw(`${seed}/${which}`, shape, dtype, kinds[values][which], rows);
}

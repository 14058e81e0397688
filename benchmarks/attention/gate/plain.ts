import seedrandom from 'seedrandom';
import type { Direction, Problem } from '../../report/schema.js';
import type { Expected } from './expected.js';
import { expectedKeys, type KeySample } from './keys.js';
import { expectedRows, type Row } from './rows.js';
import { Values } from './values.js';

const rowCount = 12;
const keyCount = 6;
/** Products of numbers that finding dk and dv may take, each way: a few seconds. */
const affordable = 2 ** 29;

/** What a plain problem's results must be at some rows and keys, the first and the last among them. */
export function expectedOfPlain(problem: Problem, direction: Direction): Expected {
  const values = new Values(problem);
  const random = seedrandom('rows and keys');
  const below = (count: number) => Math.floor(random() * count);
  const rows = ends(problem.queries, rowCount, below).map(
    (index): Row => ({ batch: below(problem.batch), head: below(problem.heads), index }),
  );
  const expected = expectedRows(values, direction, rows);
  if (direction === 'forward') return expected;
  return { ...expected, ...expectedKeys(values, chooseKeys(values, below)) };
}

/** Of a long causal problem only late keys are taken, which few rows see. */
function chooseKeys({ problem, kvHeads }: Values, below: (count: number) => number): KeySample {
  const { batch, heads, queries, keys, headDim, causal } = problem;
  const rows = Math.ceil(affordable / ((heads / kvHeads) * 2 * keys * headDim));
  const late = causal ? Math.min(keys, Math.max(1, rows)) : keys;
  const first = causal && rows < queries ? keys - late : 0;
  return {
    batch: below(batch),
    kvHead: below(kvHeads),
    indices: ends(keys - first, keyCount, below).map((index) => first + index),
  };
}

/** The first, the last and some others of `count`, each once. */
function ends(count: number, wanted: number, below: (count: number) => number): number[] {
  const others = Array.from({ length: Math.max(0, wanted - 2) }, () => below(count));
  return [...new Set([0, count - 1, ...others])];
}

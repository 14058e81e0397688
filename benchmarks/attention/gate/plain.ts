import seedrandom from 'seedrandom';
import type { Direction, Problem } from '../../report/schema.js';
import { disagreement } from './compare.js';
import type { Expected } from './expected.js';
import { expectedKeys } from './keys.js';
import { expectedRows, type Row } from './rows.js';
import { rowStatistics } from './statistics.js';
import { Values } from './values.js';

// The rule compares largest errors: of few rows, that of the naive sums says too little.
const rowCount = 24;
const keyCount = 6;

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
  const statistics = rowStatistics(values);
  const wrong = disagreement({ ...statistics }, expectedRows(values, 'forward', rows, 'float32'), 'float32');
  if (wrong !== undefined) throw new Error(`the gate's own statistics are wrong: ${wrong}`);
  const keys = {
    batch: below(problem.batch),
    kvHead: below(values.kvHeads),
    indices: ends(problem.keys, keyCount, below),
  };
  return { ...expected, ...expectedKeys(values, statistics, keys) };
}

/** The first, the last and some others of `count`, each once. */
function ends(count: number, wanted: number, below: (count: number) => number): number[] {
  const others = Array.from({ length: Math.max(0, wanted - 2) }, () => below(count));
  return [...new Set([0, count - 1, ...others])];
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Direction, Problem } from '../../report/schema.js';
import { disagreement } from './compare.js';
import type { Expected } from './expected.js';
import { expectedOfPlain } from './plain.js';
import { expectedOfTwin, twinOf } from './twin.js';

/** What is run and compared in place of a problem: itself where it is plain, else its small twin. */
export function checkedProblem(problem: Problem): Problem {
  return problem.options === undefined ? problem : twinOf(problem);
}

const known = new Map<string, Expected>();

/** How a contestant's results on `checkedProblem` miss the truth; undefined when they agree. They lie in `folder`, float32 each. */
export function complaintAbout(
  problem: Problem,
  direction: Direction,
  { folder, names }: { readonly folder: string; readonly names: readonly string[] },
): string | undefined {
  const key = JSON.stringify([problem, direction]);
  const expected =
    known.get(key) ?? (problem.options === undefined ? expectedOfPlain : expectedOfTwin)(problem, direction);
  known.set(key, expected);
  const results = Object.fromEntries(names.map((name) => [name, readFloats(path.join(folder, name))]));
  return disagreement(results, expected, problem.dtype);
}

function readFloats(file: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

import { invalidArgument } from './errors.js';
import type { NativeProblem } from './native.js';
import { readOptions } from './options.js';
import { readTensorShape } from './tensor.js';
import type { ProblemDescription } from './types.js';

/** Checks a description of a call: kinds of values only, as for the call itself. */
export function readProblem(problem: ProblemDescription): NativeProblem {
  if (typeof problem !== 'object' || problem === null) throw invalidArgument('problem', 'an object', problem);
  const direction = problem.direction ?? 'forward';
  if (direction !== 'forward' && direction !== 'backward') {
    throw invalidArgument('direction', "'forward' or 'backward'", direction);
  }
  return {
    q: readTensorShape('q', problem.q),
    k: readTensorShape('k', problem.k),
    v: readTensorShape('v', problem.v),
    options: readOptions(problem.options, 'described'),
    direction,
  };
}

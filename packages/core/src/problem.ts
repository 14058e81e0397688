import { invalidArgument } from './errors.js';
import { readOptions } from './options.js';
import { readTensorShape } from './tensor.js';
import type { ProblemDescription } from './types.js';

/** Checks a description of a call: kinds of values only, as for the call itself. @throws FaMetalError */
export function readProblem(problem: ProblemDescription): ProblemDescription {
  if (typeof problem !== 'object' || problem === null) throw invalidArgument('problem', 'an object', problem);
  const { q, k, v, options, direction = 'forward', needs = {} } = problem;
  if (direction !== 'forward' && direction !== 'backward') {
    throw invalidArgument('direction', "'forward' or 'backward'", direction);
  }
  return {
    q: readTensorShape('q', q),
    k: readTensorShape('k', k),
    v: readTensorShape('v', v),
    options: readOptions(options, 'described'),
    direction,
    needs,
  };
}

import { readNeeds } from './attention-backward.js';
import { invalidArgument } from './errors.js';
import { readOptions } from './options.js';
import { readObject } from './read-object.js';
import { readTensorShape } from './tensor.js';
import type { ProblemDescription } from './types.js';

const names = ['q', 'k', 'v', 'options', 'direction', 'needs'];

/** Checks a description of a call: kinds of values only, as for the call itself. @throws FaMetalError */
export function readProblem(problem: ProblemDescription): ProblemDescription {
  const { q, k, v, options, direction = 'forward', needs } = readObject('problem', problem, names);
  if (direction !== 'forward' && direction !== 'backward') {
    throw invalidArgument('direction', "'forward' or 'backward'", direction);
  }
  return {
    q: readTensorShape('q', q),
    k: readTensorShape('k', k),
    v: readTensorShape('v', v),
    options: readOptions(options, 'described'),
    direction,
    needs: readNeeds(needs),
  };
}

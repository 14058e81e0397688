import { inOperation } from '@fa-metal/core';
import type { CallAttributes } from '../../call.js';
import type { Tensor } from '../../tensorflow.js';
import { byName } from '../route.js';
import { checkKeyStorage, checkRope, checkScoreInputs, checkScoreLengths, refuseUnsupported } from './check-options.js';
import { type BandRule, checkWindow, readRule, readScalars, type Scalars } from './read-scalars.js';
import { readSequences, type Sequence } from './read-sequences.js';
import { readSizes, type Sizes } from './read-sizes.js';

/** A call that has been checked. */
export interface Problem extends Sizes, Scalars {
  rule: BandRule;
  /** One for each entry of the batch, or the packed ones in their order. */
  sequences: readonly Sequence[];
  /** All sequences have Lq queries and Lk keys, and one offset: what hides by position is the same for all. */
  uniform: boolean;
}

/**
 * Checks sizes, dtypes and ranges with the codes and argument names of the native runtime, which this route has to do
 * without. Kinds of values were checked before.
 *
 * @throws FaMetalError
 */
export function readProblem(operation: string, tensors: readonly Tensor[], call: CallAttributes): Problem {
  return inOperation(operation, () => {
    refuseUnsupported(operation, call);
    const named = byName(call.inputs, tensors);
    const sizes = readSizes(named, call.options.layout ?? 'bhld');
    const scalars = readScalars(call.options, sizes);
    checkKeyStorage(named, sizes);
    checkScoreInputs(named, sizes);
    checkRope(named, call.options, sizes);
    const rule = readRule(call.options);
    checkWindow(rule);
    const sequences = readSequences(named, sizes, rule);
    const [Lq, Lk] = longest(sizes, sequences);
    const whole = { ...sizes, Lq, Lk };
    if (sizes.storage === 'packed') checkScoreLengths(named, whole);
    const [first] = sequences;
    const uniform = sequences.every(
      ({ queries, keys, offset }) => queries === Lq && keys === Lk && offset === first?.offset,
    );
    return { ...whole, ...scalars, rule, sequences, uniform };
  });
}

/** Packed sequences are computed side by side, as long as the longest. */
function longest({ storage, Lq, Lk }: Sizes, sequences: readonly Sequence[]): [number, number] {
  if (storage !== 'packed') return [Lq, Lk];
  return [
    Math.max(0, ...sequences.map(({ queries }) => queries)),
    Math.max(0, ...sequences.map(({ storedKeys }) => storedKeys)),
  ];
}

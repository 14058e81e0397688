import { accuracyBound, largestError } from '@fa-metal/conformance';
import type { FloatType } from '../../report/schema.js';
import type { Expected, Sample } from './expected.js';

/** Values by name of the result. */
export type Results = Readonly<Record<string, ArrayLike<number>>>;

/** How results miss what is expected, by the accuracy rule; undefined when they meet it. Results that a contestant has not are passed over. */
export function disagreement(results: Results, expected: Expected, dtype: FloatType): string | undefined {
  if (!results['out']) return 'it gave no output';
  for (const [name, sample] of Object.entries(expected)) {
    const values = results[name];
    const complaint = values && missedBy(name, values, sample, inFloat32.has(name) ? 'float32' : dtype);
    if (complaint) return complaint;
  }
  return undefined;
}

/** Whatever the dtype of the tensors is. */
const inFloat32 = new Set(['lse', 'dBias', 'dAlibiSlopes', 'dSinks']);

function missedBy(name: string, values: ArrayLike<number>, sample: Sample, dtype: FloatType): string | undefined {
  const { at, reference, naive, factor, largestLse } = sample;
  const own = at.map((place) => values[place] ?? Number.NaN);
  const strange = own.findIndex((value, index) => !Number.isFinite(value) && !Object.is(value, reference[index]));
  if (strange >= 0) return `${name}[${at[strange]}] is ${own[strange]}, not ${reference[strange]}`;
  const error = largestError(own, reference);
  const bound = accuracyBound({ dtype, reference, naiveError: largestError(naive, reference), factor, largestLse });
  if (error <= bound) return undefined;
  return `${name} is off by ${error.toExponential(1)}, the accuracy rule allows ${bound.toExponential(1)}`;
}

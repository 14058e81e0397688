import type { Direction, Problem } from '../../report/schema.js';
import { nameOf, selfAttention } from '../../suites/problems.js';
import type { TrialGoal } from './goal.js';

/** What differs from B1 H8 D64 dense float32. */
export type Sized = Partial<Problem> & { readonly length: number };

export function named({ length, ...rest }: Sized): string {
  return nameOf(selfAttention(length, rest));
}

/** Which suite has a problem of this kind. */
function suiteOf({ dtype, headDim, kvHeads, heads }: Sized): TrialGoal['suite'] {
  if (dtype !== undefined) return 'types';
  return headDim === undefined && kvHeads === undefined && heads === undefined ? 'lengths' : 'shapes';
}

/** A goal for the share of the product. */
export function shareOf(problem: Sized, direction: Direction, atLeast: number): TrialGoal {
  const at = { suite: suiteOf(problem), trial: named(problem), direction };
  return { kind: 'trial', ...at, entry: 'fa-metal', figure: 'share', atLeast };
}

/** A goal for how many times as fast as a peer ours is. */
export function faster(problem: Sized, direction: Direction, peer: string, atLeast: number): TrialGoal {
  return { ...shareOf(problem, direction, atLeast), entry: peer, figure: 'ratio' };
}

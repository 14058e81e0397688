import type { Direction, Entry, Problem } from '../report/schema.js';
import { isSteady, spread } from './noise.js';
import type { Turn } from './race.js';
import { leastBytes, operations } from './work.js';

/** What an entry's turns are turns of. */
export interface Timed {
  readonly name: string;
  readonly who: string;
  readonly problem: Problem;
  readonly turns: readonly Turn[];
  /** Work of one run of each yardstick: operations of the product, then, where it is timed too, bytes of reading. */
  readonly yardstickWork: readonly number[];
}

/** Figures of a race; the first entry is the reference of all ratios. */
export function figuresOf(direction: Direction, entries: readonly Timed[]): Entry[] {
  const reference = entries[0]?.turns ?? [];
  return entries.map((entry) => figuresOfEntry(direction, entry, reference));
}

function figuresOfEntry(
  direction: Direction,
  { name, who, problem, turns, yardstickWork }: Timed,
  reference: readonly Turn[],
): Entry {
  const [work, bytes] = [operations(problem, direction), leastBytes(problem, direction)];
  const rates = yardstickWork.map((amount, stick) => turns.map((turn) => amount / (turn.yardsticks[stick] as number)));
  const shareOf = (amount: number, stick: number) =>
    spread(turns.map(({ seconds }, round) => amount / seconds / (rates[stick]?.[round] as number)));
  const together = turns.slice(0, reference.length);
  const ratio = spread(together.map(({ seconds }, round) => seconds / (reference[round] as Turn).seconds));
  const [share, readShare] = [work, bytes].map((amount, stick) => (rates[stick] ? shareOf(amount, stick) : undefined));
  const calm = rates.every((of) => isSteady(spread(of)));
  return {
    name,
    who,
    problem,
    seconds: spread(turns.map(({ seconds }) => seconds)),
    operations: work,
    bytes,
    ...(share && { share }),
    ...(readShare && { readShare }),
    ratio,
    steady: {
      ...(share && { share: calm && isSteady(share) }),
      ...(readShare && { readShare: calm && isSteady(readShare) }),
      ratio: calm && isSteady(ratio),
    },
  };
}

import Table from 'cli-table3';
import { describeGoal, type Goal } from './goal.js';
import { notMeasured, type Verdict } from './judge.js';

/** A line for each goal that was measured and number of threads, and a count; `~` leads a figure whose rounds disagree. */
export function printVerdicts(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ['goal', 'threads', 'wanted', 'figure', ''],
    style: { head: [], border: [], compact: true },
  });
  for (const verdict of verdicts.filter(({ reason }) => reason !== notMeasured)) {
    const { goal, threads, figure, steady, reason } = verdict;
    const shown = figure === undefined ? '' : `${steady ? '' : '~'}${figure.toFixed(3)}`;
    const outcome = outcomeOf(verdict) + (reason === undefined ? '' : `: ${reason}`);
    table.push([describeGoal(goal), threads ?? '', boundOf(goal), shown, outcome]);
  }
  const count = (outcome: string) => verdicts.filter((verdict) => outcomeOf(verdict) === outcome).length;
  return `${table}\n${count('met')} met, ${count('NOT MET')} not met, ${count('no figure')} not measured`;
}

export function boundOf({ atLeast, atMost }: Goal): string {
  return atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
}

export function outcomeOf({ met }: Verdict): 'met' | 'NOT MET' | 'no figure' {
  if (met === undefined) return 'no figure';
  return met ? 'met' : 'NOT MET';
}

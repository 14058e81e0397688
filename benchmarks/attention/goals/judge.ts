import { fitPowerLaw } from '../../report/fits.js';
import type { Measurement, Run, Spread } from '../../report/schema.js';
import type { Goal, GrowthGoal, MemoryGoal, TrialGoal } from './goal.js';

/** A goal and what a run says of it. */
export interface Verdict {
  readonly goal: Goal;
  /** Absent where the figure does not depend on it. */
  readonly threads?: number;
  /** Absent where the run did not measure it. */
  readonly figure?: number;
  /** False where the rounds were too far apart to rely on the figure. */
  readonly steady: boolean;
  readonly met?: boolean;
  /** Why there is no figure. */
  readonly reason?: string;
}

/** The reason where a run left the goal's trial out. */
export const notMeasured = 'not measured';

type Finding = Pick<Verdict, 'figure' | 'reason'> & { readonly steady?: boolean };

/** Every goal, for each number of threads of the run that it is for. */
export function judge(run: Run, goals: readonly Goal[]): Verdict[] {
  const all = run.limits.map(({ threads }) => threads);
  return goals.flatMap((goal) => {
    if (goal.kind === 'memory') return [verdictOf(goal, memoryRatio(run, goal))];
    if (goal.kind === 'growth' && goal.of === 'memory') return [verdictOf(goal, memoryGrowth(run, goal))];
    const wanted = goal.mostThreads ? [Math.max(...all)] : all;
    return wanted.map((threads) => {
      const measurements = run.measurements.filter((measurement) => measurement.threads === threads);
      const finding = goal.kind === 'trial' ? entryFigure(measurements, goal) : timeGrowth(measurements, goal);
      return verdictOf(goal, finding, threads);
    });
  });
}

function verdictOf(goal: Goal, { figure, reason, steady = true }: Finding, threads?: number): Verdict {
  const found = { goal, steady, ...(threads !== undefined && { threads }), ...(reason !== undefined && { reason }) };
  if (figure === undefined) return found;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal;
  return { ...found, figure, met: figure >= atLeast && figure <= atMost };
}

function entryFigure(measurements: readonly Measurement[], goal: TrialGoal): Finding {
  const measurement = measurements.find(
    ({ suite, name, direction }) => suite === goal.suite && name === goal.trial && direction === goal.direction,
  );
  if (!measurement) return { reason: notMeasured };
  const entry = measurement.entries.find(({ name }) => name === goal.entry);
  const figure: Spread | undefined = entry?.[goal.figure];
  if (entry && figure) return { figure: figure.median, steady: entry.steady[goal.figure] ?? true };
  const omitted = measurement.omitted.find(({ name }) => name === goal.entry);
  return { reason: omitted ? `${omitted.kind}: ${omitted.reason}` : notMeasured };
}

function timeGrowth(measurements: readonly Measurement[], { direction }: GrowthGoal): Finding {
  const entries = measurements
    .filter((measurement) => measurement.suite === 'growth' && measurement.direction === direction)
    .flatMap((measurement) => measurement.entries);
  const steady = entries.every((entry) => entry.steady.share !== false);
  return exponentOf(
    entries.map(({ problem, seconds }) => ({ x: problem.keys, y: seconds.median })),
    steady,
  );
}

function memoryGrowth({ memory }: Run, { direction }: GrowthGoal): Finding {
  const rows = memory.filter((row) => row.name === 'fa-metal' && row.direction === direction);
  return exponentOf(
    rows.map(({ length, extraBytes }) => ({ x: length, y: extraBytes })),
    true,
  );
}

function exponentOf(points: readonly { x: number; y: number }[], steady: boolean): Finding {
  if (new Set(points.map(({ x }) => x)).size < 2) return { reason: notMeasured };
  return { figure: fitPowerLaw(points).exponent, steady };
}

function memoryRatio({ memory }: Run, { of, over, length, direction }: MemoryGoal): Finding {
  const bytes = (wanted: string) =>
    memory.find((row) => row.name === wanted && row.length === length && row.direction === direction)?.extraBytes;
  const [own, theirs] = [bytes(of), bytes(over)];
  return own === undefined || theirs === undefined ? { reason: notMeasured } : { figure: own / theirs };
}

import { describe, expect, it } from 'vitest';
import type { TrialGoal } from '../attention/goals/goal.js';
import { judge } from '../attention/goals/judge.js';
import { printVerdicts } from '../attention/goals/print.js';
import { goals } from '../attention/goals/table.js';
import { spread } from '../attention/noise.js';
import { peers } from '../attention/peers/contestants.js';
import type { Entry, Measurement, Run } from '../report/schema.js';
import { suites } from '../suites/index.js';
import { selfAttention } from '../suites/problems.js';

describe('the table of goals', () => {
  const trialGoals = goals.filter((goal): goal is TrialGoal => goal.kind === 'trial');

  it.each(trialGoals.map((goal) => [`${goal.suite}: ${goal.trial}, ${goal.direction}, ${goal.entry}`, goal] as const))(
    'names a trial that is measured: %s',
    (_, goal) => {
      const trial = suites[goal.suite]?.(false).find(
        ({ name, direction }) => name === goal.trial && direction === goal.direction,
      );
      const names = trial?.entrants.flatMap(({ who, label, problem }) =>
        who === 'peers'
          ? peers.filter((peer) => peer.refuses(problem, goal.direction) === undefined).map(({ name }) => name)
          : [label ?? who],
      );
      expect(names).toContain(goal.entry);
      if (goal.figure === 'ratio') expect(goal.entry).not.toBe(names?.[0]);
    },
  );

  it('has a bound for each, and none twice', () => {
    for (const { atLeast, atMost } of goals) expect([atLeast, atMost].filter(Number.isFinite)).toHaveLength(1);
    expect(new Set(goals.map((goal) => JSON.stringify(goal))).size).toBe(goals.length);
  });
});

const goal: TrialGoal = {
  kind: 'trial',
  suite: 'lengths',
  trial: 'one',
  direction: 'forward',
  entry: 'PyTorch',
  figure: 'ratio',
  atLeast: 1.4,
};

describe('judge', () => {
  const one = (ratio: number[]) => judge(runOf([measurementOf(ratio)]), [goal])[0];

  it('holds the median against the bound', () => {
    expect(one([1.4, 1.4, 1.4])).toMatchObject({ figure: 1.4, met: true, steady: true, threads: 2 });
    expect(one([1.39, 1.39, 1.39])).toMatchObject({ met: false });
  });

  it('says when the rounds disagree', () => {
    expect(one([1, 2, 3])).toMatchObject({ figure: 2, met: true, steady: false });
  });

  it('has no figure, and says why, where the entry was not timed', () => {
    const omitted = [{ who: 'PyTorch', name: 'PyTorch', problem, kind: 'absent' as const, reason: 'no Python' }];
    const [verdict] = judge(runOf([{ ...measurementOf([1]), entries: [], omitted }]), [goal]);
    expect(verdict).not.toHaveProperty('met');
    expect(verdict?.reason).toBe('absent: no Python');
    expect(judge(runOf([]), [goal])[0]?.reason).toBe('not measured');
  });

  it('fits the exponent of the growth suite', () => {
    const measurements = [1024, 2048, 4096].map((length): Measurement => {
      const [entry] = measurementOf([1]).entries as [Entry];
      const seconds = spread([length ** 2]);
      const entries = [{ ...entry, problem: selfAttention(length), seconds }];
      return { ...measurementOf([1]), suite: 'growth', name: String(length), entries };
    });
    const growth = { kind: 'growth', of: 'time', direction: 'forward', atMost: 2.05 } as const;
    const [verdict] = judge(runOf(measurements), [growth]);
    expect(verdict?.figure).toBeCloseTo(2);
    expect(verdict?.met).toBe(true);
  });

  it('compares peaks of memory', () => {
    const row = (name: string, extraBytes: number) => ({
      name,
      extraBytes,
      length: 4096,
      direction: 'forward+backward' as const,
      causal: true,
    });
    const wanted = {
      kind: 'memory',
      of: 'a',
      over: 'b',
      length: 4096,
      direction: 'forward+backward',
      atMost: 0.1,
    } as const;
    const run = { ...runOf([]), memory: [row('a', 11), row('b', 100)] };
    expect(judge(run, [wanted])[0]).toMatchObject({ figure: 0.11, met: false });
  });

  it('is counted in print', () => {
    const verdicts = judge(runOf([measurementOf([1.2, 1.2, 1.2])]), [
      goal,
      { ...goal, atLeast: 1 },
      { ...goal, trial: 'two' },
    ]);
    expect(printVerdicts(verdicts)).toMatch(/NOT MET[\s\S]*1 met, 1 not met, 1 not measured$/);
  });
});

const problem = selfAttention(64);

function measurementOf(ratio: number[]): Measurement {
  const steady = ratio.every((value) => value === ratio[0]);
  const entry: Entry = {
    who: 'PyTorch',
    name: 'PyTorch',
    problem,
    seconds: spread(ratio),
    operations: 1,
    bytes: 1,
    share: spread(ratio),
    ratio: spread(ratio),
    steady: { share: steady, ratio: steady },
  };
  return { suite: 'lengths', name: 'one', direction: 'forward', threads: 2, entries: [entry], omitted: [] };
}

function runOf(measurements: Measurement[]): Run {
  return {
    schema: 2,
    date: '2026-01-01T00:00:00Z',
    commit: 'none',
    changed: false,
    flags: [],
    quick: false,
    machine: { cpu: '', cores: 2, memoryBytes: 0, os: '', backend: 'cpu', device: '', software: false },
    versions: {},
    limits: [{ threads: 2, product: '', productRate: spread([1]), readRate: spread([1]) }],
    absent: [],
    measurements,
    memory: [],
    wallSeconds: 0,
  };
}

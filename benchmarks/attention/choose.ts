import type { Machine, SuiteName, Trial } from '../report/schema.js';
import { suites } from '../suites/index.js';
import { goals } from './goals/table.js';
import { hasGpu } from './machine.js';
import type { BenchmarkOptions } from './options.js';

/** The trials that the flags ask for. */
export function chooseTrials(options: BenchmarkOptions, machine: Machine): Trial[] {
  return options.suites
    .flatMap((part) => suites[part as SuiteName]?.(options.quick) ?? [])
    .filter(({ suite, name, direction }) => `${suite}: ${name}, ${direction}`.includes(options.filter ?? ''))
    .filter((trial) => !options.goals || isNeeded(trial))
    .map((trial) => (options.peers ? trial : withoutPeers(trial)))
    .map((trial) => (hasGpu(machine) ? withGpu(trial) : trial));
}

/** Whether a goal has a figure from it. */
function isNeeded({ suite, name, direction }: Trial): boolean {
  return goals.some((goal) => {
    if (goal.kind === 'trial') return goal.suite === suite && goal.trial === name && goal.direction === direction;
    return goal.kind === 'growth' && goal.of === 'time' && suite === 'growth' && goal.direction === direction;
  });
}

function withoutPeers(trial: Trial): Trial {
  return { ...trial, entrants: trial.entrants.filter(({ who }) => who !== 'peers') };
}

/** On a machine with a GPU that ours runs on, it takes part wherever peers do. */
function withGpu(trial: Trial): Trial {
  const entrants = trial.entrants.flatMap((entrant) =>
    entrant.who === 'peers' ? [{ ...entrant, who: 'fa-metal metal' }, entrant] : [entrant],
  );
  return { ...trial, entrants };
}

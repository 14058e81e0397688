import { measureMemory } from '../memory/measure.js';
import type { Limit, Machine, Measurement, Run, Trial } from '../report/schema.js';
import { Harness } from './harness.js';
import { describeCheckout } from './machine.js';
import { findPythons } from './peers/python.js';
import type { Pace } from './race.js';

export interface Plan {
  readonly trials: readonly Trial[];
  readonly threads: readonly number[];
  readonly pace: Pace;
  /** Also the peak memory of a call, each in a process of its own. */
  readonly memory: boolean;
  readonly quick: boolean;
  readonly flags: readonly string[];
  readonly python?: string | undefined;
  readonly machine: Machine;
}

/** At least a second for everyone: nine turns of 0.12 s. Half of it in a hurry: five of 0.1 s. */
export function paceOf({ quick, rounds = quick ? 5 : 9 }: { quick: boolean; rounds?: number }): Pace {
  return { rounds, seconds: quick ? 0.1 : Math.max(0.12, 1 / rounds) };
}

/** Runs all trials, one number of threads after the other. */
export async function runTrials(plan: Plan, progress: (line: string) => void): Promise<Run> {
  const begin = Date.now();
  const pythons = findPythons(plan.python);
  const [limits, measurements]: [Limit[], Measurement[]] = [[], []];
  const versions: Record<string, string> = { node: process.version };
  const absent = new Map<string, string>();
  for (const threads of plan.threads) {
    const harness = new Harness({ threads, pythons }, plan.pace);
    try {
      limits.push(await harness.limit());
      for (const trial of plan.trials) {
        const measurement = await harness.measure(trial);
        measurements.push(measurement);
        progress(progressOf(measurement));
      }
    } finally {
      await harness.close();
    }
    Object.assign(versions, harness.versions);
    for (const [name, reason] of harness.absent) absent.set(name, reason);
  }
  const settings = { threads: 1, pythons };
  const memory = plan.memory ? await measureMemory(settings, plan.quick, progress) : { rows: [], left: [] };
  for (const line of memory.left) progress(`not measured: ${line}`);
  return {
    schema: 2,
    date: new Date(begin).toISOString(),
    ...describeCheckout(),
    flags: plan.flags,
    quick: plan.quick,
    machine: plan.machine,
    versions,
    limits,
    absent: [...absent].map(([name, reason]) => ({ name, reason })),
    measurements,
    memory: memory.rows,
    wallSeconds: (Date.now() - begin) / 1000,
  };
}

function progressOf({ suite, name, direction, threads, entries, omitted }: Measurement): string {
  const wrong = omitted.filter(({ kind }) => kind === 'disagrees' || kind === 'failed');
  const told = wrong.map(({ name, kind, reason }) => `; ${name} ${kind}: ${reason}`);
  return `${suite}: ${name}, ${direction}, ${threads}T: ${entries.length} timed${told.join('')}`;
}

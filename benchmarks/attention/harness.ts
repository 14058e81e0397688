import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Entry, Limit, Measurement, Omitted, Trial } from '../report/schema.js';
import { Entrants, type Ready } from './entrants.js';
import { figuresOf } from './figures.js';
import { Processes } from './peers/processes.js';
import type { Settings } from './peers/start.js';
import { type Pace, type Racer, race } from './race.js';
import { Yardsticks, yardstickWork } from './yardsticks.js';

/** Times trials with one number of threads: gate, warm-up, interleaved rounds. */
export class Harness {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'fa-metal-bench-'));
  private readonly processes: Processes;
  private readonly entrants: Entrants;
  private readonly yardsticks: Yardsticks;

  constructor(
    private readonly settings: Settings,
    private readonly pace: Pace,
  ) {
    this.processes = new Processes(settings);
    this.entrants = new Entrants(this.processes, this.folder);
    this.yardsticks = new Yardsticks(this.processes);
  }

  /** By name: what took part. */
  get versions(): Readonly<Record<string, string>> {
    return this.processes.versions;
  }

  /** By contestant: why it did not take part. */
  get absent(): ReadonlyMap<string, string> {
    return this.processes.absent;
  }

  async measure(trial: Trial): Promise<Measurement> {
    const { suite, name, direction, entrants } = trial;
    const { ready, omitted } = await this.entrants.prepare(trial);
    const reference = entrants[0]?.label ?? entrants[0]?.who;
    const entries: Entry[] = [];
    try {
      // Without the reference there is nothing to tell ratios to.
      if (ready[0]?.name === reference) entries.push(...(await this.raceUntilAllFinish(ready, trial, omitted)));
      else omitted.push(...ready.map((one) => failed(one, `${reference} did not run, to which it is compared`)));
    } finally {
      await Promise.allSettled(ready.map(({ release }) => release()));
    }
    return { suite, name, direction, threads: this.settings.threads, entries, omitted };
  }

  /** Rates of the yardsticks by themselves. */
  limit(): Promise<Limit> {
    return this.yardsticks.limit(this.settings.threads, this.pace.rounds);
  }

  async close(): Promise<void> {
    await this.processes.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Who breaks down is taken out, and the others start again. */
  private async raceUntilAllFinish(ready: Ready[], { direction }: Trial, omitted: Omitted[]): Promise<Entry[]> {
    for (;;) {
      const broken = new Map<Ready, string>();
      const racers = await Promise.all(ready.map((one) => this.racer(one, broken)));
      try {
        const turns = await race(racers, this.pace);
        return figuresOf(
          direction,
          ready.map(({ name, contestant, problem }, index) => ({
            name,
            who: contestant.name,
            problem,
            turns: turns[index] ?? [],
            yardstickWork: yardstickWork.slice(0, racers[index]?.yardsticks.length),
          })),
        );
      } catch (error) {
        if (broken.size === 0 || broken.has(ready[0] as Ready)) throw error;
        for (const [one, reason] of broken) {
          omitted.push(failed(one, reason));
          ready.splice(ready.indexOf(one), 1);
        }
      }
    }
  }

  /** Next to one row of queries, reading is timed too. */
  private async racer(one: Ready, broken: Map<Ready, string>): Promise<Racer> {
    const orBroken = <T>(work: Promise<T>) =>
      work.catch((error: Error) => {
        broken.set(one, error.message);
        throw error;
      });
    return {
      time: (seconds) => orBroken(one.time(seconds)),
      renew: () => orBroken(one.renew()),
      yardsticks: await this.yardsticks.of(one.contestant.limit, one.problem.queries === 1 ? 2 : 1),
    };
  }
}

function failed({ name, contestant, problem }: Ready, reason: string): Omitted {
  return { who: contestant.name, name, problem, kind: 'failed', reason };
}

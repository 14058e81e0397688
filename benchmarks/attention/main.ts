// `npm run bench`: ours and its peers in turns, after a correctness gate; JSON, a page with plots, and the goals.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Run } from '../report/schema.js';
import { summarize } from '../report/summary.js';
import { writeRun } from '../report/write.js';
import { agree, compareRuns, printAgreement } from './agreement.js';
import { chooseTrials } from './choose.js';
import { judge } from './goals/judge.js';
import { printVerdicts } from './goals/print.js';
import { goals } from './goals/table.js';
import { describeMachine } from './machine.js';
import { noiseLine, steadyRule } from './noise.js';
import { flagsToKeep, readOptions } from './options.js';
import { findContestant } from './peers/contestants.js';
import { paceOf, runTrials } from './run.js';

const options = readOptions(process.argv.slice(2));
const run = options.from === undefined ? await measure() : readRun(options.from);
const again = options.agree ? await measure() : undefined;

console.log(summarize(run));
for (const { name, reason } of run.absent) console.log(`Not here: ${name}: ${reason}`);
console.log(`${noiseLine(run)} ${steadyRule}`);
if (options.goals) console.log(printVerdicts(judge(run, goals)));
if (options.from === undefined) console.log(`Page: ${await writeRun(run, options.output)}`);
if (again) {
  const agreement = compareRuns(run, again);
  console.log(printAgreement(agreement));
  if (!agree(agreement)) process.exitCode = 1;
}
for (const complaint of ownFailures(run)) {
  console.error(`error: ${complaint}`);
  process.exitCode = 1;
}

function measure(): Promise<Run> {
  const { threads, quick, python } = options;
  const machine = describeMachine();
  const trials = chooseTrials(options, machine);
  const memory = options.suites.includes('memory') && options.filter === undefined;
  const plan = {
    trials,
    threads,
    pace: paceOf(options),
    quick,
    python,
    machine,
    memory,
    flags: flagsToKeep(process.argv.slice(2)),
  };
  return runTrials(plan, (line) => console.error(line));
}

function readRun(folder: string): Run {
  return JSON.parse(readFileSync(path.join(folder, 'attention.json'), 'utf8')) as Run;
}

/** A peer may fail; ours may not. */
function ownFailures({ measurements }: Run): string[] {
  return measurements.flatMap(({ name, direction, omitted }) =>
    omitted
      .filter(({ who, kind }) => findContestant(who).ours && (kind === 'disagrees' || kind === 'failed'))
      .map(({ name: entry, kind, reason }) => `${entry} ${kind} in ${name}, ${direction}: ${reason}`),
  );
}

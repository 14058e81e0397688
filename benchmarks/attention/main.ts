// `npm run bench`: ours and its peers in turns, after a correctness gate; JSON, a page with plots, and the goals.
import { summarize } from '../report/summary.js';
import { writeRun } from '../report/write.js';
import { suites } from '../suites/index.js';
import { describeMachine } from './machine.js';
import { steadyRule } from './noise.js';
import { readOptions } from './options.js';
import { paceOf, runTrials, withGpu } from './run.js';

const options = readOptions(process.argv.slice(2));
const machine = describeMachine();
const trials = options.suites
  .flatMap((name) => suites[name]?.(options.quick) ?? [])
  .filter(({ suite, name, direction }) => `${suite}: ${name}, ${direction}`.includes(options.filter ?? ''))
  .map((trial) =>
    options.peers ? trial : { ...trial, entrants: trial.entrants.filter(({ who }) => who !== 'peers') },
  );
const plan = {
  trials: withGpu(trials, machine),
  threads: options.threads,
  pace: paceOf(options),
  quick: options.quick,
  flags: process.argv.slice(2),
  python: options.python,
  machine,
};
const run = await runTrials(plan, (line) => console.error(line));
console.log(summarize(run));
for (const { name, reason } of run.absent) console.log(`Not here: ${name}: ${reason}`);
console.log(steadyRule);
console.log(`Page: ${await writeRun(run, options.output)}`);

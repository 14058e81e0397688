import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import type { SuiteName } from '../report/schema.js';
import { suites } from '../suites/index.js';

export interface BenchmarkOptions {
  readonly quick: boolean;
  /** Numbers of threads, one after the other. */
  readonly threads: readonly number[];
  readonly suites: readonly SuiteName[];
  /** Only trials whose name, direction or suite has this in it. */
  readonly filter?: string;
  readonly peers: boolean;
  readonly rounds?: number;
  /** Run twice and compare. */
  readonly agree: boolean;
  /** Only what the goals need, and then each goal with its figure. */
  readonly goals: boolean;
  readonly python?: string;
  readonly output: string;
}

/** Reads the flags. Prints help or an error and exits as command lines do. */
export function readOptions(argv: readonly string[]): BenchmarkOptions {
  const known = Object.keys(suites) as SuiteName[];
  return new Command('npm run bench --')
    .description('Time attention and its peers, in turns, as shares of a matrix product measured in the same minutes.')
    .option('--quick', 'fewer trials and rounds: under three minutes', false)
    .option('--threads <list>', 'numbers of threads, for everyone', numbers, threadsOf(os.availableParallelism()))
    .option('--suites <list>', `of ${known.join(', ')}`, namesOf(known), known)
    .option('--filter <text>', 'only trials with this in their name, e.g. "L1024 D64 causal"')
    .option('--no-peers', 'ours alone')
    .option('--rounds <n>', 'how often everyone has a turn', count)
    .option('--agree', 'run twice and say by how much each figure in bold differs', false)
    .option('--goals', 'measure what the goals need, and print for each whether it is met', false)
    .option('--python <command>', 'a Python that has PyTorch, TensorFlow or both (also FA_METAL_PYTHON)')
    .option('--output <folder>', 'where JSON and page go', fileURLToPath(new URL('../results', import.meta.url)))
    .parse(argv, { from: 'user' })
    .opts<BenchmarkOptions>();
}

/** One thread, and one on every core. */
function threadsOf(cores: number): number[] {
  return cores > 1 ? [1, cores] : [1];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('expected a positive integer');
  return value;
}

function numbers(text: string): number[] {
  return text.split(',').map(count);
}

function namesOf(known: readonly SuiteName[]): (text: string) => SuiteName[] {
  return (text) => {
    const names = text.split(',');
    const unknown = names.find((name) => !known.includes(name as SuiteName));
    if (unknown !== undefined) throw new InvalidArgumentError(`expected some of ${known.join(', ')}, got ${unknown}`);
    return names as SuiteName[];
  };
}

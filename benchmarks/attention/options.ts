import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import type { SuiteName } from '../report/schema.js';
import { suites } from '../suites/index.js';

/** What can be measured alone; `memory` has processes of its own instead of turns. */
export type Part = SuiteName | 'memory';

export interface BenchmarkOptions {
  readonly quick: boolean;
  /** Numbers of threads, one after the other. */
  readonly threads: readonly number[];
  readonly suites: readonly Part[];
  /** Only trials whose name, direction or suite has this in it. */
  readonly filter?: string;
  readonly peers: boolean;
  readonly rounds?: number;
  /** Run twice and compare. */
  readonly agree: boolean;
  /** Only what the goals need, and then each goal with its figure. */
  readonly goals: boolean;
  /** A folder with the results of an earlier run, which is told again instead of measured. */
  readonly from?: string;
  readonly python?: string;
  readonly output: string;
}

/** Reads the flags. Prints help or an error and exits as command lines do. */
export function readOptions(argv: readonly string[]): BenchmarkOptions {
  const known = [...Object.keys(suites), 'memory'] as Part[];
  const options = new Command('npm run bench --')
    .description('Time attention and its peers, in turns, as shares of a matrix product measured in the same minutes.')
    .option('--quick', 'fewer trials and rounds: under three minutes', false)
    .option(
      '--threads <list>',
      'numbers of threads, for everyone (default: one, and one on every core; --quick: the latter)',
      numbers,
    )
    .option('--suites <list>', `of ${known.join(', ')}`, namesOf(known), known)
    .option('--filter <text>', 'only trials with this in their name, e.g. "L1024 D64 causal"')
    .option('--no-peers', 'ours alone')
    .option('--rounds <n>', 'how often everyone has a turn', count)
    .option('--agree', 'run twice and say by how much each figure in bold differs', false)
    .option('--goals', 'measure what the goals need, and print for each whether it is met', false)
    .option('--from <folder>', 'tell the results that are there, measure nothing')
    .option('--python <command>', 'a Python that has PyTorch, TensorFlow or both (also FA_METAL_PYTHON)')
    .option('--output <folder>', 'where JSON and page go', fileURLToPath(new URL('../results', import.meta.url)))
    .parse(argv, { from: 'user' })
    .opts<Omit<BenchmarkOptions, 'threads'> & { threads?: readonly number[] }>();
  return { ...options, threads: options.threads ?? threadsOf(os.availableParallelism(), options.quick) };
}

/** The flags without those that name a place on this machine, which is nobody else's business. */
export function flagsToKeep(argv: readonly string[]): string[] {
  const places = ['--python', '--output', '--from'];
  return argv.filter(
    (flag, index) => !places.includes(argv[index - 1] ?? '') && !places.includes(flag.split('=')[0] as string),
  );
}

function threadsOf(cores: number, quick: boolean): number[] {
  return quick || cores === 1 ? [cores] : [1, cores];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('expected a positive integer');
  return value;
}

function numbers(text: string): number[] {
  return text.split(',').map(count);
}

function namesOf(known: readonly Part[]): (text: string) => Part[] {
  return (text) => {
    const names = text.split(',');
    const unknown = names.find((name) => !known.includes(name as Part));
    if (unknown !== undefined) throw new InvalidArgumentError(`expected some of ${known.join(', ')}, got ${unknown}`);
    return names as Part[];
  };
}

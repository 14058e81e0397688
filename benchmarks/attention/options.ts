import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';

export interface BenchmarkOptions {
  readonly quick: boolean;
  readonly threads: number;
  readonly lengths: readonly number[];
  readonly headDims: readonly number[];
  readonly heads: number;
  readonly dtype: 'float32' | 'float16' | 'bfloat16';
  readonly output: string;
}

/** Reads the flags. Prints help or an error and exits as command lines do. */
export function readOptions(argv: readonly string[]): BenchmarkOptions {
  const options = new Command('npm run bench --')
    .description('Time attention against its peers, interleaved in one run, as shares of a measured SGEMM rate.')
    .option('--quick', 'fewer shapes and rounds', false)
    .option('--threads <n>', 'threads of every peer', positiveInteger, 1)
    .option('--lengths <list>', 'sequence lengths', integers)
    .option('--head-dims <list>', 'head dims', integers)
    .option('--heads <n>', 'heads', positiveInteger, 8)
    .addOption(
      new Option('--dtype <dtype>', 'of our op').choices(['float32', 'float16', 'bfloat16']).default('float32'),
    )
    .option('--output <folder>', 'where JSON and page go', fileURLToPath(new URL('../results', import.meta.url)))
    .parse(argv, { from: 'user' })
    .opts<BenchmarkOptions>();
  return {
    ...options,
    lengths: options.lengths ?? (options.quick ? [512, 1024] : [512, 1024, 2048]),
    headDims: options.headDims ?? (options.quick ? [64] : [64, 128]),
  };
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('expected a positive integer');
  return value;
}

function integers(text: string): number[] {
  return text.split(',').map(positiveInteger);
}

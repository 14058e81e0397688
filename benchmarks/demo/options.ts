import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { HostName } from './tensorflow.js';

/** Which attention code a run uses, and whether tfjs's slow gradients are replaced. */
export type Variant = 'stock' | 'stock-improved' | 'fused-cpu' | 'fused';

/** What the user chose on the command line. */
export interface DemoOptions {
  /** Context length in characters. */
  readonly context: number;
  readonly steps: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the residual stream. */
  readonly width: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly attention: 'stock' | 'fused' | 'both';
  readonly host: HostName | 'auto';
  /** software: fused attention goes through the Metal backend on the software device, and once more on the cpu backend. */
  readonly device: 'system' | 'software';
  /** Where the page goes. */
  readonly output: string;
  readonly open: boolean;
}

/** Sizes that tfjs's JavaScript backend trains in minutes; flags still win. */
export const smallSizes = { context: 48, steps: 40, heads: 2, width: 48, batch: 4 } as const;

/** Sizes that the software Metal device, which runs a GPU's threads one by one, trains in seconds. */
export const tinySizes = { context: 24, steps: 20, heads: 2, width: 32, batch: 2 } as const;

type Sizes = Partial<Record<keyof typeof smallSizes, number>>;

/**
 * Reads the flags. Prints help or an error and exits as command lines do.
 * @param sizes defaults that differ from the usual ones
 */
export function readOptions(argv: readonly string[], sizes: Sizes = {}): DemoOptions {
  return new Command('npm run demo --')
    .description('Train a small GPT on Moby-Dick with stock tfjs attention and with the fused op, from the same seed.')
    .option('--context <n>', 'context length in characters', positiveInteger, sizes.context ?? 128)
    .option('--steps <n>', 'training steps of each run', positiveInteger, sizes.steps ?? 600)
    .option('--layers <n>', 'transformer blocks', positiveInteger, 2)
    .option('--heads <n>', 'attention heads', positiveInteger, sizes.heads ?? 4)
    .option('--width <n>', 'width of the residual stream, a multiple of heads', positiveInteger, sizes.width ?? 128)
    .option('--batch <n>', 'sequences a step', positiveInteger, sizes.batch ?? 4)
    .option('--learning-rate <x>', 'of Adam', positiveNumber, 3e-3)
    .option('--seed <n>', 'of weights, batches and samples', positiveInteger, 1851)
    .addOption(
      new Option('--attention <which>', 'which runs to make').choices(['stock', 'fused', 'both']).default('both'),
    )
    .addOption(
      new Option('--host <which>', 'which tfjs')
        .choices(['auto', 'tfjs-node', 'tfjs'])
        .default('auto', 'tfjs-node if it loads'),
    )
    .addOption(
      new Option('--device <which>', 'the GPU, or the one in software (native/softmetal, Linux)')
        .choices(['system', 'software'])
        .default('system'),
    )
    .option(
      '--output <file>',
      'where the page with the plots goes',
      fileURLToPath(new URL('../results/demo.html', import.meta.url)),
    )
    .option('--no-open', 'do not open the page in a browser')
    .parse(argv, { from: 'user' })
    .opts<DemoOptions>();
}

/** The runs that a choice of `--attention` means, in the order in which they are made. */
export function variantsOf(options: DemoOptions): Variant[] {
  const stock: Variant[] = ['stock', 'stock-improved'];
  const fused: Variant[] = options.device === 'software' ? ['fused-cpu', 'fused'] : ['fused'];
  if (options.attention === 'stock') return stock;
  return options.attention === 'fused' ? fused : [...stock, ...fused];
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('expected a positive integer');
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a positive number');
  return value;
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { FaMetalError } from '../errors.js';
import { backendChoices, type DType, deviceChoices, dtypes, layouts } from '../generated/enums.js';
import { openDeviceSync } from '../open-device.js';
import type { DescribedOptions, OpenDeviceOptions, ProblemDescription } from '../types.js';
import { printPlan } from './print.js';

interface PlanFlags extends OpenDeviceOptions {
  dtype: DType;
  backward?: boolean;
  layout?: DescribedOptions['layout'];
  causal?: DescribedOptions['causal'];
  window?: DescribedOptions['window'];
  kernel?: string;
  options?: DescribedOptions;
  json?: boolean;
}

/** Adds `plan`: shapes in, plan out. */
export function addPlanCommand(program: Command): void {
  program
    .command('plan')
    .description('print the kernels that a call would run on, and on metal what a model says of their cost')
    .argument('<q>', 'shape of q, such as 1,8,1024,64', readShape)
    .argument('[k]', 'shape of k; default: as q', readShape)
    .argument('[v]', 'shape of v; default: as k', readShape)
    .addOption(new Option('--dtype <name>', 'of q, k and v').choices(dtypes).default('float32'))
    .option('--backward', 'of the gradients')
    .addOption(new Option('--layout <name>', 'order of axes').choices(layouts))
    .option('--causal <diagonal>', 'none, topLeft, bottomRight or an offset', readCausal)
    .option('--window <left,right>', 'keys beside the diagonal that stay visible, -1 = all', readWindow)
    .option('--kernel <name>', 'force a kernel')
    .option('--options <json>', 'further options; tensors as {"shape": [1, 1, 1, 1024], "dtype": "bool"}', readJson)
    .addOption(new Option('--backend <name>', 'default: FA_METAL_BACKEND').choices(backendChoices))
    .addOption(new Option('--device <name>', 'default: FA_METAL_DEVICE; software needs no Mac').choices(deviceChoices))
    .option('--json', 'print JSON')
    .action((q: number[], k: number[] | undefined, v: number[] | undefined, flags: PlanFlags) => {
      try {
        print(problemOf(q, k ?? q, v ?? k ?? q, flags), flags);
      } catch (error) {
        if (!FaMetalError.isInstance(error)) throw error;
        program.error(`${error.code}: ${error.message}`);
      }
    });
}

function problemOf(q: number[], k: number[], v: number[], flags: PlanFlags): ProblemDescription {
  const { dtype, backward, layout, causal, window, kernel } = flags;
  const given = Object.entries({ layout, causal, window, kernel }).filter(([, value]) => value !== undefined);
  return {
    q: { shape: q, dtype },
    k: { shape: k, dtype },
    v: { shape: v, dtype },
    options: { ...flags.options, ...Object.fromEntries(given) },
    direction: backward ? 'backward' : 'forward',
  };
}

function print(problem: ProblemDescription, { backend, device: which, json }: PlanFlags): void {
  const device = openDeviceSync({ ...(backend && { backend }), ...(which && { device: which }) });
  try {
    const plan = device.plan(problem);
    console.log(json ? JSON.stringify(plan, undefined, 2) : printPlan(plan));
  } finally {
    device.close();
  }
}

function readNumbers(text: string, what: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.every(Number.isInteger)) return numbers;
  throw new InvalidArgumentError(`expected ${what}, got '${text}'`);
}

const readShape = (text: string) => readNumbers(text, 'sizes such as 1,8,1024,64');

function readWindow(text: string): DescribedOptions['window'] {
  const [left, right, ...rest] = readNumbers(text, 'two numbers such as 256,0');
  if (left !== undefined && right !== undefined && rest.length === 0) return { left, right };
  throw new InvalidArgumentError(`expected two numbers such as 256,0, got '${text}'`);
}

function readCausal(text: string): DescribedOptions['causal'] {
  if (text === 'none' || text === 'topLeft' || text === 'bottomRight') return text;
  const [offset] = readNumbers(text, 'none, topLeft, bottomRight or an offset');
  return { offset: offset! };
}

function readJson(text: string): DescribedOptions {
  try {
    return JSON.parse(text) as DescribedOptions;
  } catch (error) {
    throw new InvalidArgumentError(`expected JSON: ${(error as Error).message}`);
  }
}

import { invalidArgument } from './errors.js';
import { layouts, ropeStyles } from './generated/enums.js';
import { supportedOptions } from './generated/options.js';
import { readTensor, readTensorShape } from './tensor.js';
import type { AttentionOptions, Tensor } from './types.js';

type OptionName = keyof AttentionOptions;
type Reader = (argument: string, value: unknown, readTensorOption: TensorReader) => unknown;
type TensorReader = (argument: string, value: unknown) => unknown;

/** One reader per option: what JavaScript can get wrong. Ranges and the fit to the tensors are for the native side. */
const readers: Readonly<Record<OptionName, Reader>> = {
  layout: oneOf(layouts),
  scale: finiteNumber,
  softcap: finiteNumber,
  causal: diagonal(['none', 'topLeft', 'bottomRight']),
  align: diagonal(['topLeft', 'bottomRight']),
  window: (argument, value) => ({
    left: wholeNumber(`${argument}.left`, field(argument, value, 'left')),
    right: wholeNumber(`${argument}.right`, field(argument, value, 'right')),
  }),
  mask: tensorOption,
  bias: tensorOption,
  alibiSlopes: tensorOption,
  sinks: tensorOption,
  dropout: (argument, value) => readDropout(argument, value),
  kvLengths: indexOption,
  cuSeqlensQ: indexOption,
  cuSeqlensK: indexOption,
  blockTable: indexOption,
  rope: readRope,
  kScale: tensorOption,
  vScale: tensorOption,
  kernel: (argument, value) => {
    if (typeof value === 'string' && value !== '') return value;
    throw invalidArgument(argument, 'the name of a kernel', value);
  },
};

/**
 * Checks the kinds of the options' values and copies them. Unknown names are refused: a misspelt option that is
 * ignored would be another result in silence.
 *
 * @param data `described` where tensors may lack their data
 */
export function readOptions(value: unknown, data: 'required' | 'described' = 'required'): AttentionOptions {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw invalidArgument('options', 'an object', value);
  const readTensorOption = data === 'required' ? readTensor : readTensorShape;
  const options: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    if (!Object.hasOwn(readers, name)) throw invalidArgument(name, `one of ${optionNames().join(', ')}`, name);
    options[name] = readers[name as OptionName](name, entry, readTensorOption);
  }
  return options;
}

export function optionNames(): OptionName[] {
  return [...(Object.keys(supportedOptions) as OptionName[]), 'kernel'];
}

export function finiteNumber(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalidArgument(argument, 'a finite number', value);
}

export function wholeNumber(argument: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw invalidArgument(argument, 'a whole number', value);
}

/** Rate and seed of a dropout: [0, 1), and 64 unsigned bits. */
export function readDropout(argument: string, value: unknown): { rate: number; seed: bigint } {
  const rate = finiteNumber(`${argument}.rate`, field(argument, value, 'rate'));
  if (rate < 0 || rate >= 1) throw invalidArgument(`${argument}.rate`, 'a number in [0, 1)', rate);
  const seed = field(argument, value, 'seed');
  if (typeof seed === 'bigint' && BigInt.asUintN(64, seed) === seed) return { rate, seed };
  throw invalidArgument(`${argument}.seed`, 'a bigint in [0, 2^64)', seed);
}

function oneOf(choices: readonly string[]): Reader {
  return (argument, value) => {
    if (choices.includes(value as string)) return value;
    throw invalidArgument(argument, choices.map((choice) => `'${choice}'`).join(' or '), value);
  };
}

function diagonal(words: readonly string[]): Reader {
  return (argument, value) => {
    if (words.includes(value as string)) return value;
    const offset = typeof value === 'object' && value !== null && 'offset' in value ? value.offset : undefined;
    if (Number.isSafeInteger(offset)) return { offset };
    throw invalidArgument(argument, `${words.map((word) => `'${word}'`).join(', ')} or { offset: integer }`, value);
  };
}

function tensorOption(argument: string, value: unknown, readTensorOption: TensorReader): unknown {
  return readTensorOption(argument, value);
}

/** Indices are copied: they are checked once, and must still be what they were when the kernels read them. */
function indexOption(argument: string, value: unknown, readTensorOption: TensorReader): unknown {
  const tensor = readTensorOption(argument, value) as Tensor;
  return tensor.data instanceof Int32Array ? { ...tensor, data: tensor.data.slice() } : tensor;
}

function readRope(argument: string, value: unknown, readTensorOption: TensorReader): unknown {
  const read = (name: string, reader: Reader): unknown =>
    reader(`${argument}.${name}`, field(argument, value, name), readTensorOption);
  const given = (name: string): boolean => field(argument, value, name) !== undefined;
  return {
    cos: read('cos', tensorOption),
    sin: read('sin', tensorOption),
    style: read('style', oneOf(ropeStyles)),
    ...(given('positionsQ') && { positionsQ: read('positionsQ', indexOption) }),
    ...(given('positionsK') && { positionsK: read('positionsK', indexOption) }),
  };
}

function field(argument: string, value: unknown, name: string): unknown {
  if (typeof value === 'object' && value !== null) return (value as Record<string, unknown>)[name];
  throw invalidArgument(argument, 'an object', value);
}

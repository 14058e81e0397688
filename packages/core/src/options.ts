import { invalidArgument } from './errors.js';
import { layouts, ropeStyles } from './generated/enums.js';
import { supportedOptions } from './generated/options.js';
import { readObject } from './read-object.js';
import { readTensor, readTensorShape } from './tensor.js';
import type { AttentionOptions } from './types.js';

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
  window: readWindow,
  mask: tensorOption,
  bias: tensorOption,
  alibiSlopes: tensorOption,
  sinks: tensorOption,
  dropout: readDropout,
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
 * Checks the kinds of the options' values and copies them; for adapters too, with tensors of their own host as
 * descriptions. Unknown names are refused.
 *
 * @param data `described` where tensors may lack their data
 */
export function readOptions(value: unknown, data: 'required' | 'described' = 'required'): AttentionOptions {
  if (value === undefined) return {};
  const readTensorOption = data === 'required' ? readTensor : readTensorShape;
  const options: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(readObject('options', value as object, optionNames()))) {
    if (entry !== undefined) options[name] = readers[name as OptionName](name, entry, readTensorOption);
  }
  return options;
}

export function optionNames(): OptionName[] {
  return [...(Object.keys(supportedOptions) as OptionName[]), 'kernel'];
}

function finiteNumber(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalidArgument(argument, 'a finite number', value);
}

function readWindow(argument: string, value: unknown): { left: number; right: number } {
  const { left, right } = readParts(argument, value, ['left', 'right']);
  if (Number.isSafeInteger(left) && Number.isSafeInteger(right)) return { left: Number(left), right: Number(right) };
  throw invalidArgument(argument, '{ left, right } of whole numbers', value);
}

function readDropout(argument: string, value: unknown): { rate: number; seed: bigint } {
  const { rate, seed } = readParts(argument, value, ['rate', 'seed']);
  if (isDropoutRate(rate) && isSeed(seed)) return { rate, seed };
  throw invalidArgument(argument, '{ rate, seed }, a number in [0, 1) and a bigint from 0 to 2^64 - 1', value);
}

export function isDropoutRate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1;
}

export function isSeed(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
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
  const tensor = readTensorOption(argument, value) as { data?: Int32Array };
  return tensor.data ? { ...tensor, data: tensor.data.slice() } : tensor;
}

function readRope(argument: string, value: unknown, readTensorOption: TensorReader): unknown {
  const names = ['cos', 'sin', 'style', 'positionsQ', 'positionsK'];
  const { cos, sin, style, positionsQ, positionsK } = readParts(argument, value, names);
  const positions = (given: unknown): unknown => indexOption(argument, given, readTensorOption);
  return {
    cos: readTensorOption(argument, cos),
    sin: readTensorOption(argument, sin),
    style: oneOf(ropeStyles)(argument, style, readTensorOption),
    ...(positionsQ !== undefined && { positionsQ: positions(positionsQ) }),
    ...(positionsK !== undefined && { positionsK: positions(positionsK) }),
  };
}

/** An option that is an object; whatever is wrong inside is blamed on the option. */
function readParts(argument: string, value: unknown, names: readonly string[]): Record<string, unknown> {
  return readObject(argument, value as Record<string, unknown>, names, argument);
}

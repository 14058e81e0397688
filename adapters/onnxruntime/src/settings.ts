import { invalidArgument, refusal } from '@fa-metal/core';
import type { InferenceSession } from 'onnxruntime-common';
import type { NativeRunSettings, NativeSessionSettings } from './native.js';

type Given = Record<string, unknown>;
/** Translates one option, or refuses it. What needs no translation gives nothing. */
type Reader<Settings> = (value: unknown, argument: string, all: Given) => Partial<Settings>;

const graphOptimizationLevels = { disabled: 0, basic: 1, extended: 2, layout: 3, all: 99 };
const executionModes = { sequential: 0, parallel: 1 };

const sessionReaders: Record<string, Reader<NativeSessionSettings>> = {
  executionProviders: checkProviders,
  graphOptimizationLevel: (value, argument) => ({
    graphOptimizationLevel: oneOf(graphOptimizationLevels, value, argument),
  }),
  executionMode: (value, argument) => ({ executionMode: oneOf(executionModes, value, argument) }),
  intraOpNumThreads: (value, argument) => ({ intraOpNumThreads: wholeNumber(value, argument) }),
  interOpNumThreads: (value, argument) => ({ interOpNumThreads: wholeNumber(value, argument) }),
  logSeverityLevel: (value, argument) => ({ logSeverityLevel: wholeNumber(value, argument, 4) }),
  logVerbosityLevel: (value, argument) => ({ logVerbosityLevel: wholeNumber(value, argument) }),
  logId: (value, argument) => ({ logId: text(value, argument) }),
  enableCpuMemArena: (value, argument) => ({ enableCpuMemArena: boolean(value, argument) }),
  enableMemPattern: (value, argument) => ({ enableMemPattern: boolean(value, argument) }),
  optimizedModelFilePath: (value, argument) => ({ optimizedModelFilePath: text(value, argument) }),
  enableProfiling: (value, argument, all) =>
    boolean(value, argument)
      ? { profileFilePrefix: text(all['profileFilePrefix'] ?? 'onnxruntime_profile_', 'options.profileFilePrefix') }
      : {},
  profileFilePrefix: (value, argument) => {
    text(value, argument); // enableProfiling takes it
    return {};
  },
  freeDimensionOverrides: (value, argument) => ({ freeDimensionOverrides: dimensions(value, argument) }),
  extra: (value, argument) => ({ extra: configEntries(value, argument) }),
  preferredOutputLocation: checkLocation,
  enableGraphCapture: onlyFalse,
};

const runReaders: Record<string, Reader<NativeRunSettings>> = {
  logSeverityLevel: (value, argument) => ({ logSeverityLevel: wholeNumber(value, argument, 4) }),
  logVerbosityLevel: (value, argument) => ({ logVerbosityLevel: wholeNumber(value, argument) }),
  tag: (value, argument) => ({ tag: text(value, argument) }),
  terminate: onlyFalse,
  extra: (value, argument) => ({ extra: configEntries(value, argument) }),
};

/**
 * onnxruntime-common's session options, checked. An option that is not known here is refused, not ignored.
 *
 * @throws FaMetalError `INVALID_ARGUMENT`, `UNSUPPORTED`; the argument is `options.<name>`
 */
export function readSessionOptions(options: InferenceSession.SessionOptions): NativeSessionSettings {
  return read(options, sessionReaders);
}

/** As `readSessionOptions`, for the options of one run. */
export function readRunOptions(options: InferenceSession.RunOptions): NativeRunSettings {
  return read(options, runReaders);
}

function read<Settings extends object>(options: object, readers: Record<string, Reader<Settings>>): Settings {
  const all = options as Given;
  const settings = {} as Settings;
  for (const name of Object.keys(all)) {
    const value = all[name];
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (value === undefined) continue;
    if (!reader) throw unsupported(`options.${name}`, `one of ${Object.keys(readers).join(', ')}`, name);
    Object.assign(settings, reader(value, `options.${name}`, all));
  }
  return settings;
}

function unsupported(argument: string, expected: string, got: string) {
  return refusal({ code: 'UNSUPPORTED', argument, expected, got });
}

function checkProviders(value: unknown, argument: string): object {
  for (const provider of Array.isArray(value) ? value : [value]) {
    const { name, ...others } = typeof provider === 'string' ? { name: provider } : (provider as Given);
    if (name !== 'fa-metal') throw invalidArgument(argument, "'fa-metal'", provider);
    const [unknown] = Object.keys(others);
    if (unknown) throw unsupported(argument, 'no options of the provider', unknown);
  }
  return {};
}

function oneOf(values: Record<string, number>, value: unknown, argument: string): number {
  const found = typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : undefined;
  if (found === undefined) throw invalidArgument(argument, `one of ${Object.keys(values).join(', ')}`, value);
  return found;
}

function wholeNumber(value: unknown, argument: string, most = 2 ** 31 - 1): number {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
  throw invalidArgument(argument, `a whole number from 0 to ${most}`, value);
}

function text(value: unknown, argument: string): string {
  if (typeof value === 'string') return value;
  throw invalidArgument(argument, 'a string', value);
}

function boolean(value: unknown, argument: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(argument, 'a boolean', value);
}

function onlyFalse(value: unknown, argument: string): object {
  if (boolean(value, argument)) throw unsupported(argument, 'false', 'true');
  return {};
}

function isRecord(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function dimensions(value: unknown, argument: string): Record<string, number> {
  if (!isRecord(value)) throw invalidArgument(argument, 'sizes by name', value);
  return Object.fromEntries(Object.entries(value).map(([name, size]) => [name, wholeNumber(size, argument)]));
}

/** `{ session: { x: '1' } }` means the entry `session.x`, as in onnxruntime-node. */
function configEntries(value: unknown, argument: string, prefix = ''): Record<string, string> {
  if (!isRecord(value)) throw invalidArgument(argument, 'nested objects of strings', value);
  const entries: Record<string, string> = {};
  for (const [key, entry] of Object.entries(value)) {
    const name = `${prefix}${key}`;
    if (isRecord(entry)) Object.assign(entries, configEntries(entry, argument, `${name}.`));
    else if (['string', 'number', 'boolean'].includes(typeof entry)) entries[name] = String(entry);
    else throw invalidArgument(argument, 'nested objects of strings', entry);
  }
  return entries;
}

function checkLocation(value: unknown, argument: string): object {
  const locations = isRecord(value) ? Object.values(value) : [value];
  const other = locations.find((location) => location !== 'cpu');
  if (other !== undefined) throw unsupported(argument, "'cpu'", String(other));
  return {};
}

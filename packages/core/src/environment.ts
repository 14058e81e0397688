import { FaMetalError } from './errors.js';
import { backendChoices, deviceChoices } from './generated/enums.js';
import { maxSoftwareThreads } from './generated/limits.js';
import type { BackendChoice, DeviceChoice } from './types.js';

/** What the FA_METAL_* variables ask for. A variable that is unset or empty asks for nothing. */
export interface Environment {
  backend?: BackendChoice;
  device?: DeviceChoice;
  /** 0 = one per core. */
  threads?: number;
  /** Path of another native binary. */
  library?: string;
}

/**
 * Reads `FA_METAL_BACKEND`, `FA_METAL_DEVICE`, `FA_METAL_THREADS` and `FA_METAL_LIBRARY`. Those of the metal backend
 * alone are read where it opens (native/runtime/metal/gpu_settings.h).
 *
 * @throws FaMetalError `INVALID_ENVIRONMENT`, the variable as its argument, for a value that is not known
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const backend = readChoice(variables, 'FA_METAL_BACKEND', backendChoices);
  const device = readChoice(variables, 'FA_METAL_DEVICE', deviceChoices);
  const threads = readThreads(variables, 'FA_METAL_THREADS');
  const library = variables['FA_METAL_LIBRARY'];
  return {
    ...(backend !== undefined && { backend }),
    ...(device !== undefined && { device }),
    ...(threads !== undefined && { threads }),
    ...(library && { library }),
  };
}

function readChoice<T extends string>(
  variables: NodeJS.ProcessEnv,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = variables[name];
  if (!value) return undefined;
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw invalidEnvironment(name, `one of ${choices.join(', ')}`, value);
}

function readThreads(variables: NodeJS.ProcessEnv, name: string): number | undefined {
  const value = variables[name];
  if (!value) return undefined;
  const threads = Number(value);
  if (/^\d+$/.test(value) && threads <= maxSoftwareThreads) return threads;
  throw invalidEnvironment(name, `a whole number from 0 (one per core) to ${maxSoftwareThreads}`, value);
}

function invalidEnvironment(name: string, expected: string, value: string): FaMetalError {
  return new FaMetalError('INVALID_ENVIRONMENT', `[environment] ${name}: expected ${expected}, got '${value}'`, {
    argument: name,
  });
}

import { Device } from './device.js';
import { type Environment, readEnvironment } from './environment.js';
import { callNative, inOperation, invalidArgument } from './errors.js';
import { backendChoices, deviceChoices } from './generated/enums.js';
import { maxSoftwareThreads } from './generated/limits.js';
import { loadLibrary } from './loader.js';
import type { NativeDeviceConfig } from './native.js';
import { readObject } from './read-object.js';
import type { OpenDeviceOptions } from './types.js';

/**
 * Opens a backend. Loads the native binary at the first call.
 *
 * @throws FaMetalError (as a rejection) `LIBRARY_NOT_FOUND`, `BACKEND_UNAVAILABLE` with the reason,
 *   `INVALID_ENVIRONMENT`, `INVALID_ARGUMENT`
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Device> {
  return openDeviceSync(options);
}

/** As `openDevice`. */
export function openDeviceSync(options: OpenDeviceOptions = {}): Device {
  return inOperation('openDevice', () => {
    const environment = readEnvironment();
    const config = readConfig(options, environment);
    const { addon } = loadLibrary(environment);
    return new Device(
      addon,
      callNative(() => addon.openDevice(config)),
    );
  });
}

/** What `openDevice` asks of the native binary; for adapters whose host opens the device. @throws as `openDevice` */
export function deviceConfig(options: OpenDeviceOptions = {}): NativeDeviceConfig {
  return inOperation('openDevice', () => readConfig(options, readEnvironment()));
}

function readConfig(options: OpenDeviceOptions, environment: Environment): NativeDeviceConfig {
  const { isa = '' } = readObject('options', options, ['backend', 'device', 'threads', 'isa']);
  if (typeof isa !== 'string') throw invalidArgument('isa', 'the name of an instruction set', isa);
  return {
    backend: readChoice('backend', options.backend ?? environment.backend ?? 'auto', backendChoices),
    device: readChoice('device', options.device ?? environment.device ?? 'system', deviceChoices),
    threads: readThreads(options.threads ?? environment.threads ?? 0),
    isa,
  };
}

function readChoice<T extends string>(argument: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw invalidArgument(argument, `one of ${choices.join(', ')}`, value);
}

function readThreads(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= maxSoftwareThreads) return value;
  throw invalidArgument('threads', `a whole number from 0 (one per core) to ${maxSoftwareThreads}`, value);
}

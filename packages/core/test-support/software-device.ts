import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Profile = 'apple7' | 'apple9';
export type Fault = 'compile' | 'pipeline' | 'allocate' | 'commit-lost' | 'commit-timeout' | 'commit-memory' | 'delay';

/** softmetal.h's controls of the software device that this process has loaded. */
export interface SoftwareDevice {
  /** 0 when the setting is known and takes the value. */
  set(name: string, value: string): number;
  /** At the n-th event from now, from 1; `times` of them in a row, 0 = all from then on. */
  inject(fault: Fault, n: number, times: number): number;
  clearFaults(): void;
  /** Objects alive of one class, or with '' of all. */
  liveObjects(className: string): number;
  /** Of all buffers that the device has made and that live; memory used in place is none of them. */
  allocatedBytes(): number;
  /** With the setting `stats`: what kernels did since the last time, as JSON (softmetal_counts_by_kernel). */
  takeCounts(): string;
  /** Everything found, as JSON. */
  reports(): string;
}

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = fileURLToPath(new URL(`../../../native/softmetal/build/${machine}/libsoftmetal.so`, import.meta.url));
const setup = new URL('../../../scripts/setup/state.mjs', import.meta.url).href;

/** Why there is no software device here; empty when there is one. */
export async function whyNoSoftwareDevice(): Promise<string> {
  if (process.platform !== 'linux') return 'softmetal is for Linux';
  const { readState } = (await import(setup)) as { readState(): { softmetal?: { reason?: string } } };
  const { softmetal } = readState();
  if (softmetal?.reason) return softmetal.reason;
  return existsSync(library) ? '' : 'softmetal is not built: npm run setup';
}

/** Settings for devices that this process opens from now on: every access checked, in the order that `seed` draws. */
export function chooseSoftwareDevice({ profile = 'apple9' as Profile, validate = true } = {}): void {
  process.env['FA_METAL_SOFTWARE_LIBRARY'] ??= library;
  process.env['SOFTMETAL_PROFILE'] = profile;
  process.env['SOFTMETAL_VALIDATE'] = validate ? '1' : '0';
}

/** Compiles and loads the controls; the process must have opened the device before it uses them. */
export function controlSoftwareDevice(): SoftwareDevice {
  const source = fileURLToPath(new URL('software-device.cc', import.meta.url));
  const native = createRequire(new URL('../../../native/package.json', import.meta.url));
  const headers: string = native('node-api-headers').include_dir;
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-device-'));
  const addon = join(folder, 'software-device.node');
  try {
    const flags = ['-std=c++20', '-O1', '-fPIC', '-shared', `-I${headers}`];
    execFileSync(process.env['CXX'] ?? 'c++', [...flags, source, '-ldl', '-o', addon]);
    return createRequire(import.meta.url)(addon) as SoftwareDevice;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

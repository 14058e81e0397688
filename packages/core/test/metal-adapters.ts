import type { Adapter, Call } from '@fa-metal/conformance';
import { type AttentionOptions, type Device, openDeviceSync, type Plan } from '../src/index.js';
import { lacksWideHeads } from '../test-support/not-supported.js';
import { chooseSoftwareDevice, type Profile } from '../test-support/software-device.js';
import { notSupported, runInto } from './conformance-adapters.js';

/**
 * The software device reads its settings once, when the process opens the first device.
 *
 * @param validate check every access, which makes kernels several times as slow to compile and to run
 */
export function openSoftwareDevice(profile: Profile, validate = true): Device {
  chooseSoftwareDevice({ profile, validate });
  const device = openDeviceSync({ backend: 'metal', device: 'software' });
  if (device.info.family !== profile) throw new Error(`expected a device like ${profile}, got ${device.info.family}`);
  return device;
}

type Direction = 'forward' | 'backward';

/** Kernels in the order of preference; where none takes a call's sizes, the backend chooses. */
export type Preferences = Readonly<Record<Direction, readonly string[]>>;

/** What the backend would not choose by itself, too. */
export const preferences: Readonly<Record<string, Preferences>> = {
  chosen: { forward: [], backward: [] },
  recomputed: { forward: ['metal-forward'], backward: ['metal-backward'] },
  kept: { forward: ['metal-decode@3', 'metal-forward'], backward: ['metal-backward-stored'] },
};

export interface MetalAdapter {
  name: string;
  device: Device;
  preferred: Preferences;
  /** Gets the names of the variants (kernels/variants/metal.json) that calls ran on. */
  reached?: Set<string>;
}

/** The Metal backend, writing into guarded memory of the suite's. */
export function metalAdapter({ name, device, preferred, reached }: MetalAdapter): Adapter {
  return {
    name,
    manifest: {
      notSupported: { ...notSupported('metal'), ...lacksWideHeads },
      skipped: { 'refusals:kind': 'what only the TypeScript side can see' },
    },
    async run(call) {
      const forward = choose(device, call, 'forward', preferred);
      const backward = choose(device, call, 'backward', preferred);
      const outputs = await runInto(device, call, { forward: forward.forced, backward: backward.forced });
      for (const { plan } of call.dOut ? [forward, backward] : [forward]) {
        for (const name of variantNames(plan)) reached?.add(name);
      }
      return outputs;
    },
  };
}

/** The plan that a call will have, and the name that forces it; neither where the call will be refused. */
function choose(device: Device, call: Call, direction: Direction, preferred: Preferences) {
  const names = 'kernel' in call.options ? [] : preferred[direction];
  for (const forced of names) {
    const plan = planOf(device, call, direction, { kernel: forced });
    if (plan) return { forced, plan };
  }
  return { plan: planOf(device, call, direction, {}) };
}

function planOf(device: Device, call: Call, direction: Direction, kernel: AttentionOptions): Plan | undefined {
  const { q, k, v, options, needs } = call;
  const given = { q, k, v, options: { ...(options as AttentionOptions), ...kernel }, ...(needs && { needs }) };
  try {
    return device.native.plan({ ...given, direction });
  } catch {
    return undefined;
  }
}

/** A plan's tiles have the rows of each variant under its name. */
function variantNames(plan: Plan | undefined): string[] {
  const tiles = Object.keys(plan?.tiles ?? {});
  return tiles.filter((name) => name.endsWith('.rows')).map((name) => name.slice(0, -'.rows'.length));
}

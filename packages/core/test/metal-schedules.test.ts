import { afterAll, expect, test } from 'vitest';
import { type Device, openDeviceSync } from '../src/index.js';
import {
  chooseSoftwareDevice,
  controlSoftwareDevice,
  type SoftwareDevice,
  whyNoSoftwareDevice,
} from '../test-support/software-device.js';
import { runInto } from './conformance-adapters.js';
import { metalRoutes, metalVariants } from './generated/metal-variants.js';
import { buildRepeatable, differences, type RepeatableCall, repeatableCalls } from './repeatable-calls.js';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
const runsOfSeed = 2;
const reason = await whyNoSoftwareDevice();

const cases = repeatableCalls.flatMap((call) => {
  const forward = call.routes.filter((route) => metalRoutes[route].direction === 'forward')[0]!;
  const backward = call.routes.filter((route) => metalRoutes[route].direction === 'backward');
  const splits = forward === 'metal-decode' ? `${forward}@3` : forward;
  return (backward.length > 0 ? backward : [undefined]).map((route) => ({ ...call, forward: splits, backward: route }));
});

let opened: { device: Device; control: SoftwareDevice } | undefined;
function software() {
  if (opened === undefined) {
    chooseSoftwareDevice({ validate: false });
    const device = openDeviceSync({ backend: 'metal', device: 'software' });
    opened = { device, control: controlSoftwareDevice() };
  }
  return opened;
}
afterAll(() => opened?.device.close());

const reached = new Set<string>();

/** Notes the kernels of a call's plans. */
function reach(
  device: Device,
  call: RepeatableCall,
  kernels: { forward: string; backward?: string | undefined },
): void {
  const { q, k, v, options } = buildRepeatable(call).call;
  for (const direction of ['forward', 'backward'] as const) {
    const kernel = kernels[direction];
    if (kernel === undefined) continue;
    const plan = device.native.plan({ q, k, v, options: { ...options, kernel } as object, direction });
    for (const name of Object.keys(plan.tiles)) reached.add(name.replace(/\.rows$/, ''));
  }
}

// Threadgroups, simdgroups and threads run in the order that the seed draws, on as many workers as there are cores.
test.skipIf(reason).each(cases)(
  `$name, $forward $backward: ${seeds.length * runsOfSeed} runs in ${seeds.length} orders of the threads, the same bits${reason && ` (${reason})`}`,
  async (one) => {
    const { device, control } = software();
    const run = () => runInto(device, buildRepeatable(one).call, one);
    const first = await run();
    reach(device, one, one);
    expect(control.set('schedule', 'random')).toBe(0);
    for (const seed of seeds) {
      expect(control.set('seed', String(seed))).toBe(0);
      for (let n = 0; n < runsOfSeed; n++) expect(differences(first, await run()), `seed ${seed}`).toEqual([]);
    }
    control.set('schedule', '');
  },
  300_000,
);

test.skipIf(reason)('every kernel was among them', () => {
  const kernels = new Set(metalVariants.map(({ kernel }) => kernel));
  const found = new Set(metalVariants.filter(({ hostName }) => reached.has(hostName)).map(({ kernel }) => kernel));
  expect([...kernels].filter((kernel) => !found.has(kernel))).toEqual([]);
});

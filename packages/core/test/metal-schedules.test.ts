import { bitDifference } from '@fa-metal/conformance';
import { expect, test } from 'vitest';
import { openDeviceSync } from '../src/index.js';
import { chooseSoftwareDevice, controlSoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';
import { metalRouteNames, runRoute, tensorsOf } from './metal-routes.js';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
const dtypes = ['float32', 'float16'] as const;
const cases = metalRouteNames.flatMap((route) => dtypes.map((dtype) => ({ route, dtype })));

const reason = await whyNoSoftwareDevice();

// Threadgroups, simdgroups and threads run in the order that the seed draws, on as many workers as there are cores.
test.skipIf(reason).each(cases)(
  `$route $dtype: ${seeds.length} orders of the threads, the same bits${reason && ` (${reason})`}`,
  (one) => {
    chooseSoftwareDevice({ validate: false });
    const device = openDeviceSync({ backend: 'metal', device: 'software' });
    const control = controlSoftwareDevice();
    const call = { ...one, width: 64, options: { causal: 'bottomRight' as const } };
    const first = tensorsOf(runRoute(device, call));
    expect(control.set('schedule', 'random')).toBe(0);
    for (const seed of seeds) {
      expect(control.set('seed', String(seed))).toBe(0);
      const again = new Map(tensorsOf(runRoute(device, call)));
      const different = first.filter(([name, tensor]) => bitDifference(tensor, again.get(name)!) !== undefined);
      expect(
        different.map(([name]) => name),
        `seed ${seed}`,
      ).toEqual([]);
    }
    control.set('schedule', '');
    device.close();
  },
  120_000,
);

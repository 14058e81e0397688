import { test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { testGold } from './gold.js';
import { metalAdapter, openSoftwareDevice } from './metal-adapters.js';

const reason = await whyNoSoftwareDevice();
if (reason) test.skip(`gold vectors on the Metal backend: ${reason}`);
else {
  const device = openSoftwareDevice('apple9');
  testGold([metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } })]);
}

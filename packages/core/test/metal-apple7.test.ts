import { test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { openSoftwareDevice } from './metal-adapters.js';
import { testConformance } from './metal-suite.js';
import { testWholeTable } from './metal-table.js';

const reason = await whyNoSoftwareDevice();
if (reason) test.skip(`the Metal backend on apple7: ${reason}`);
else {
  // The other way round in apple9: what one of the two has compiled, the other finds.
  const device = openSoftwareDevice('apple7');
  testWholeTable(device);
  testConformance(device);
}

import { test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { openSoftwareDevice } from './metal-adapters.js';
import { testConformance } from './metal-suite.js';
import { testWholeTable } from './metal-table.js';

const reason = await whyNoSoftwareDevice();
if (reason) test.skip(`the Metal backend on apple9: ${reason}`);
else {
  const device = openSoftwareDevice('apple9');
  testConformance(device);
  testWholeTable(device);
}

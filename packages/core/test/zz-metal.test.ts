import fc from 'fast-check';
import { test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { metalAdapter, openSoftwareDevice } from './metal-adapters.js';
import { callParts, kernelParts, problemOf } from './random-problems.js';
import { expectAllToPass, seed } from './zz-properties.js';

const reason = await whyNoSoftwareDevice();

/** Each is a set of kernels to compile, which costs more than all the calls that it then has. */
const compiled = fc.sample(kernelParts, { numRuns: 40, seed });

const problems = fc
  .tuple(fc.constantFrom(...compiled), callParts({ queries: 24, keys: 50, batch: 2 }))
  .map(([kernel, call]) => problemOf(kernel, call));

test.skipIf(reason)(
  `any legal problem is right on the software Metal device${reason && ` (${reason})`}`,
  async () => {
    const device = openSoftwareDevice('apple9');
    const adapter = metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } });
    await expectAllToPass({ name: 'legal, metal', adapters: [adapter], problems, runs: 600 });
  },
  1_800_000,
);

import { illegalCalls, isBackwardRefusal } from '@fa-metal/conformance';
import fc from 'fast-check';
import { test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { metalAdapter, openSoftwareDevice } from './metal-adapters.js';
import { expectAllToBeRefused, expectAllToPass, seed } from './properties.js';
import { callParts, kernelParts, problemOf } from './random-problems.js';

const reason = await whyNoSoftwareDevice();

/** Each is a set of kernels to compile, which costs more than all the calls that it then has. */
const compiled = fc.sample(kernelParts, { numRuns: 24, seed });

const problems = fc
  .tuple(fc.constantFrom(...compiled), callParts({ queries: 24, keys: 50, batch: 2 }))
  .map(([kernel, call]) => problemOf(kernel, call));

test.skipIf(reason)(
  `any legal problem is right on the software Metal device${reason && ` (${reason})`}`,
  async () => {
    const device = openSoftwareDevice('apple9');
    const adapter = metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } });
    await expectAllToPass({ name: 'legal, metal', adapters: [adapter], problems, runs: 500 });
  },
  1_800_000,
);

/** Refused before any kernel runs. Kinds of JavaScript values are not the native side's to see. */
const rows = Object.entries(illegalCalls)
  .filter(([row, { group }]) => group !== 'kind' && row !== 'outIsV' && !isBackwardRefusal(row))
  .map(([row]) => row);

test.skipIf(reason)(
  `any illegal problem is refused by the Metal backend, and nothing is written${reason && ` (${reason})`}`,
  async () => {
    const device = openSoftwareDevice('apple9');
    const adapter = metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } });
    const dense = fc
      .tuple(kernelParts, callParts({ queries: 20, keys: 30, batch: 2 }))
      .map(([kernel, call]) => problemOf({ ...kernel, storage: 'dense' }, call));
    await expectAllToBeRefused('illegal, metal', fc.tuple(dense, fc.constantFrom(...rows)), () => adapter, 600);
  },
  600_000,
);

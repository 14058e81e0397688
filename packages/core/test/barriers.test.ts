import { expect, test } from 'vitest';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { barriersOf, tryWithout } from './barriers/mutants.js';

const reason = await whyNoSoftwareDevice();

// All kernels: `npm run barriers` in this folder.
test.skipIf(reason).each(['forward', 'dkv', 'dBias'])(
  `%s: the deletion of any barrier is caught${reason && ` (${reason})`}`,
  (kernel) => {
    expect(tryWithout(undefined, kernel)).toBe('');
    const barriers = barriersOf(kernel);
    expect(barriers.length).toBeGreaterThan(0);
    expect(barriers.filter((barrier) => !tryWithout(barrier, kernel))).toEqual([]);
  },
  300_000,
);

import { coverageTable, emptyCells, type PairOutcome, pairsOf } from '@fa-metal/conformance';
import { describe, expect, test } from 'vitest';
import { loadLibrary, openDeviceSync } from '../src/index.js';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { memoryAdapter } from './conformance-adapters.js';
import { type CoveredBackend, everyCase, oneCase, outcomeOf } from './coverage.js';
import { metalAdapter, openSoftwareDevice } from './metal-adapters.js';

/** `npx vitest run test/coverage.test.ts -u` writes it. */
const committed = '../../conformance/COVERAGE.md';
const introduction = `# Coverage

Every option of the contract alone (on the diagonal) and with every other one, on each backend, in each direction. A number
counts cases that pass; R1, R2, ... are refusals of the device, listed at the end with what it says. \`cpu\` is every
instruction set that the machine has, \`metal\` the software Metal device; nothing was measured on Apple hardware.

Written by packages/core/test/coverage.test.ts, which fails when a cell is empty or this file is not what it finds.
`;

const missing = await whyNoSoftwareDevice();

const cpu: CoveredBackend = {
  name: 'cpu',
  ways: loadLibrary()
    .addon.instructionSets()
    .map((isa) => ({ device: openDeviceSync({ backend: 'cpu', isa }), adapter: memoryAdapter(isa) })),
  choose: everyCase,
};

function metal(): CoveredBackend {
  // Accesses are checked where the conformance suite runs.
  const device = openSoftwareDevice('apple9', false);
  const adapter = metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } });
  return { name: 'metal', ways: [{ device, adapter }], choose: oneCase };
}

const backends = missing ? [cpu] : [cpu, metal()];
const outcomes: PairOutcome[] = [];

describe.each(backends)('$name', (backend) => {
  test.each(['forward', 'backward'] as const)(
    'every pair of options, %s',
    async (direction) => {
      const failures: string[] = [];
      for (const pair of pairsOf(direction)) {
        const found = await outcomeOf(backend, pair, direction);
        outcomes.push(found.outcome);
        failures.push(...found.failures);
      }
      expect([...new Set(failures)].join('\n')).toBe('');
    },
    1_800_000,
  );
});

test('no cell of the coverage table is empty', () => {
  const names = backends.map(({ name }) => name);
  expect(emptyCells(names, outcomes)).toEqual([]);
});

test.skipIf(missing)(`the committed coverage table says what was found${missing && ` (${missing})`}`, async () => {
  await expect(`${introduction}\n${coverageTable(outcomes)}\n`).toMatchFileSnapshot(committed);
});

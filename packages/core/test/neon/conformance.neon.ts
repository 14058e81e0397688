// The conformance suite and the gold vectors on the build for arm64, which an emulated Node has loaded: main.mjs starts this.
import { type Adapter, families, suite } from '@fa-metal/conformance';
import { afterAll, expect, test } from 'vitest';
import { goldVectors } from '../../../conformance/test-support/gold-vectors.js';
import { notSupported, runInto } from '../conformance-adapters.js';
import { testGold } from '../gold.js';
import { RemoteAddon, type RemoteDevice } from './remote-device.js';

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: npm run test:neon`);
  return value;
};

const addon = new RemoteAddon({
  emulator: setting('NEON_EMULATOR'),
  node: setting('NEON_NODE'),
  addon: setting('NEON_ADDON'),
});
afterAll(() => addon.close());

const devices = new Map<number, Promise<RemoteDevice>>();
function deviceOf(threads: number): Promise<RemoteDevice> {
  const opened = devices.get(threads) ?? addon.open({ backend: 'cpu', device: 'system', threads, isa: 'neon' });
  devices.set(threads, opened);
  return opened;
}

const adapter: Adapter = {
  name: 'core-neon',
  manifest: {
    notSupported: notSupported('cpu'),
    skipped: { 'refusals:kind': 'what only the TypeScript side can see' },
  },
  threadCounts: [1, 2, 5],
  run: async (call) => runInto({ native: await deviceOf(call.threads ?? 0) }, call),
};

test('an emulated processor runs the build for arm64, and NEON is the best that it has', async () => {
  expect(await addon.about()).toEqual({ architecture: 'arm64', instructionSets: ['neon', 'scalar'] });
});

suite({
  test,
  families: [...families, goldVectors()],
  adapter,
  results: 'test-results',
  subset: process.env['NEON_PART'] ? 'smoke' : 'full',
});
testGold([adapter]);

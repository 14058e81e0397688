import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Device, FaMetalError, openDeviceSync } from '../src/index.js';
import { passingFaults } from '../test-support/faults.js';
import {
  chooseSoftwareDevice,
  controlSoftwareDevice,
  type SoftwareDevice,
  whyNoSoftwareDevice,
} from '../test-support/software-device.js';
import { dOut, k, q, v } from './small-problem.js';

const reason = await whyNoSoftwareDevice();
const seconds = 5;

describe.skipIf(reason)(`faults of the GPU${reason && ` (${reason})`}`, () => {
  let control: SoftwareDevice;
  const open = () => openDeviceSync({ backend: 'metal', device: 'software' });

  beforeAll(() => {
    chooseSoftwareDevice();
    open().close();
    control = controlSoftwareDevice();
  });
  afterEach(() => control.clearFaults());

  const forward = (device: Device) => device.attentionSync(q, k, v);
  const forwardAsync = (device: Device) => device.attention(q, k, v);
  const results = forward(openDeviceSync({ backend: 'cpu' }));
  const backward = (device: Device) => device.attentionBackwardSync({ q, k, v, ...results, dOut });
  const backwardAsync = (device: Device) => device.attentionBackward({ q, k, v, ...results, dOut });
  const calls = { forward, forwardAsync, backward, backwardAsync };

  /** What the call ends in, within seconds. */
  async function failure(call: (device: Device) => unknown, device: Device): Promise<FaMetalError> {
    const begin = performance.now();
    try {
      await call(device);
    } catch (error) {
      expect(performance.now() - begin).toBeLessThan(seconds * 1000);
      expect(FaMetalError.isInstance(error), String(error)).toBe(true);
      return error as FaMetalError;
    }
    throw new Error('expected an error, got a result');
  }

  describe.each(Object.entries(calls))('%s', (_, call) => {
    test.each(passingFaults)('$fault ends as $code, and the next call works', async ({ fault, code, words }) => {
      const device = open();
      expect(control.inject(fault, 1, 1)).toBe(0);
      const error = await failure(call, device);
      expect(error).toMatchObject({ code, argument: 'device' });
      expect(error.message).toMatch(words);
      await call(device);
      device.close();
    });

    test('memory that runs out at any allocation, for as long as it lasts', async () => {
      const device = open();
      const allocations = await firstThatWorks(async (n) => {
        control.inject('allocate', n, 0);
        const error = await failure(call, device).catch(() => undefined);
        control.clearFaults();
        if (error) expect(error.code).toBe('OUT_OF_MEMORY');
        return error === undefined;
      });
      expect(allocations).toBeGreaterThan(1);
      await call(device);
      device.close();
    });

    test('a lost device stays lost; another one works', async () => {
      const device = open();
      await call(device);
      control.inject('commit-lost', 1, 1);
      expect(await failure(call, device)).toMatchObject({ code: 'DEVICE_LOST' });
      expect(await failure(call, device)).toMatchObject({ code: 'DEVICE_LOST' });
      control.clearFaults();
      const other = open();
      await call(other);
      for (const one of [device, other]) one.close();
    });

    test('a GPU that does not answer in time', async () => {
      process.env['FA_METAL_TIMEOUT'] = '0.3';
      const device = open();
      delete process.env['FA_METAL_TIMEOUT'];
      await call(device);
      control.inject('delay', 1500, 1);
      expect(await failure(call, device)).toMatchObject({ code: 'TIMEOUT' });
      control.clearFaults();
      await sleep(1500);
      await call(device);
      device.close();
    });
  });

  test('nothing is written by a call that fails', () => {
    const device = open();
    const out = { data: new Float32Array(2 * 4 * 5 * 16).fill(-7), shape: [2, 4, 5, 16], dtype: 'float32' as const };
    const lse = { data: new Float32Array(2 * 4 * 5).fill(-7), shape: [2, 4, 5], dtype: 'float32' as const };
    control.inject('commit-timeout', 1, 1);
    expect(() => device.native.forward({ q, k, v, out, lse, options: {} })).toThrow();
    expect(new Set([...out.data, ...lse.data])).toEqual(new Set([-7]));
    device.close();
  });

  test('1,000 calls, a tenth of them with a fault, leave no Metal object and no buffer behind', {
    timeout: 240_000,
  }, async () => {
    /** A busy machine lets the GPU's thread wait: the count stands when it has not changed for a while. */
    const settled = async () => {
      let [count, rounds] = [control.liveObjects(''), 0];
      while (rounds < 10) {
        await sleep(50);
        const now = control.liveObjects('');
        rounds = now === count ? rounds + 1 : 0;
        count = now;
      }
      return count;
    };
    const before = await settled();
    const device = open();
    const one = async (index: number) => {
      const round = Math.floor(index / 10);
      if (index % 10 === 0) control.inject(passingFaults[round % passingFaults.length]!.fault, 1, 0);
      await Object.values(calls)[(index + round) % 4]!(device);
    };
    /** When every call has its buffers again, and the GPU's thread has let go of the last command buffer. */
    const alive = async () => {
      for (const call of Object.values(calls)) await call(device);
      return settled();
    };
    const atFirst = await alive();
    for (let index = 0; index < 1000; index++) {
      await one(index).catch((error) => expect(FaMetalError.isInstance(error)).toBe(true));
      control.clearFaults();
    }
    expect(await alive()).toBe(atFirst);
    device.close();
    expect(await settled()).toBe(before);
  });
});

async function firstThatWorks(attempt: (n: number) => Promise<boolean>): Promise<number> {
  for (let n = 1; n < 100; n++) if (await attempt(n)) return n;
  throw new Error('none of 99 attempts worked');
}

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { DoctorReport } from '../src/doctor/examine.js';
import { kernels } from '../src/generated/kernels.js';
import { type Device, openDeviceSync, type Tensor } from '../src/index.js';
import {
  chooseSoftwareDevice,
  controlSoftwareDevice,
  type SoftwareDevice,
  whyNoSoftwareDevice,
} from '../test-support/software-device.js';
import { randomTensor } from './random-tensor.js';

const reason = await whyNoSoftwareDevice();
const root = fileURLToPath(new URL('..', import.meta.url));

const q = randomTensor(1, [1, 2, 4, 16]);
const k = randomTensor(2, [1, 1, 40, 16]);
const v = randomTensor(3, [1, 1, 40, 16]);

function open(): Device {
  return openDeviceSync({ backend: 'metal', device: 'software' });
}

describe.skipIf(reason)(`a Metal device${reason && ` (${reason})`}`, () => {
  let control: SoftwareDevice;

  beforeAll(() => {
    chooseSoftwareDevice({ validate: false });
    open().close();
    control = controlSoftwareDevice();
  });

  it('plans for the gradients that are needed', () => {
    const device = open();
    const options = { alibiSlopes: { shape: [2], dtype: 'float32' } } as const;
    const problem = { q, k, v, options, direction: 'backward' } as const;
    expect(device.plan(problem).kernel).toBe('metal-backward');
    expect(device.plan({ ...problem, needs: { alibiSlopes: false } }).kernel).toBe('metal-backward-short');
    const forced = { ...problem, options: { ...options, kernel: 'metal-backward-short' } };
    expect(device.supports(forced)).toMatchObject({ ok: false, argument: 'alibiSlopes' });
    device.close();
  });

  it('says what it is', () => {
    const device = open();
    const { version } = device.info;
    expect(device.info).toEqual({
      ...{ backend: 'metal', name: 'Apple M3', software: true, family: 'apple9', threads: 0, version },
    });
    device.close();
    expect(device.info.name).toBe('Apple M3');
  });

  it('compiles ahead of the first call', async () => {
    const device = open();
    const problems = (['forward', 'backward'] as const).map((direction) => ({ q, k, v, direction }));
    await device.warmup(...problems);
    control.inject('compile', 1, 0);
    control.inject('pipeline', 1, 0);
    try {
      const forward = await device.attention(q, k, v);
      await device.attentionBackward({ q, k, v, ...forward, dOut: randomTensor(4, [1, 2, 4, 16]) });
      await expect(device.warmup({ q, k, v, options: { causal: 'topLeft', mask: mask() } })).rejects.toMatchObject({
        code: 'COMPILE_FAILED',
      });
    } finally {
      control.clearFaults();
    }
    await device.warmup();
    await expect(device.warmup({ q, k, v: q })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH', argument: 'v' });
    device.close();
    await expect(device.warmup(...problems)).rejects.toMatchObject({ code: 'DEVICE_CLOSED' });
  });

  it('computes the same on memory in place as on copies', () => {
    const device = open();
    const inPlace = [q, k, v].map((tensor) => {
      const pages = device.alloc(tensor.shape, tensor.dtype);
      (pages.data as Float32Array).set(tensor.data as Float32Array);
      return pages;
    }) as [Tensor, Tensor, Tensor];
    expect(device.attentionSync(...inPlace)).toEqual(device.attentionSync(q, k, v));
    device.close();
  });

  it('finishes the calls in flight when it is closed', async () => {
    const device = open();
    const expected = device.attentionSync(q, k, v);
    control.inject('delay', 50, 0);
    const calls = Array.from({ length: 6 }, () => device.attention(q, k, v));
    device.close();
    await expect(device.attention(q, k, v)).rejects.toMatchObject({ code: 'DEVICE_CLOSED' });
    for (const result of await Promise.all(calls)) expect(result).toEqual(expected);
    control.clearFaults();
  });

  it('stops waiting after FA_METAL_TIMEOUT, and serves the next call', async () => {
    vi.stubEnv('FA_METAL_TIMEOUT', '1.5');
    const device = open();
    vi.unstubAllEnvs();
    await device.warmup({ q, k, v });
    control.inject('delay', 3000, 0);
    await expect(device.attention(q, k, v)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('the GPU to finish within 1500 ms'),
    });
    control.clearFaults();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await device.attention(q, k, v)).out.data).toHaveLength(128);
    device.close();
  });

  const names = Object.entries(kernels).filter(([, { backend }]) => backend === 'metal');

  it.each(names)('compares %s with the cpu backend before its first use', (kernel, { direction }) => {
    vi.stubEnv('FA_METAL_SELF_CHECK', '1');
    const device = open();
    vi.unstubAllEnvs();
    const forward = device.attentionSync(q, k, v, direction === 'forward' ? { kernel } : {});
    if (direction === 'backward') {
      device.attentionBackwardSync({ q, k, v, ...forward, dOut: randomTensor(4, [1, 2, 4, 16]) }, { kernel });
    }
    const checked = device.info.kernelChecks?.filter((check) => check.kernel === kernel);
    expect(checked).toMatchObject([{ kernel, dtype: 'float32', headDim: 16, valueDim: 16, passed: true }]);
    device.close();
  });

  it('is examined by the doctor', () => {
    const environment = { FA_METAL_BACKEND: 'metal', FA_METAL_DEVICE: 'software', FA_METAL_SELF_CHECK: '1' };
    const run = (...flags: string[]) =>
      spawnSync(process.execPath, [join(root, 'bin/fa-metal.js'), 'doctor', ...flags], {
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });
    const report = JSON.parse(run('--json').stdout) as DoctorReport;
    expect(report).toMatchObject({ healthy: true, device: { backend: 'metal', software: true } });
    expect(report.device?.kernelChecks?.map(({ passed }) => passed)).toEqual([true, true]);
    expect(run().stdout).toMatch(/^kernel +metal-\S+, float32, D 24, Dv 24: agrees with the cpu backend; deviation /m);
  });
});

function mask(): Tensor {
  return { data: new Uint8Array(4 * 40).fill(1), shape: [1, 1, 4, 40], dtype: 'bool' };
}

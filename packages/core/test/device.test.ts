import * as reference from '@fa-metal/reference';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AttentionOptions,
  attention,
  attentionBackward,
  attentionBackwardSync,
  attentionSync,
  type Device,
  openDevice,
  openDeviceSync,
  type ProblemDescription,
  type Tensor,
  version,
} from '../src/index.js';
import { randomTensor } from './random-tensor.js';

const device = openDeviceSync({ backend: 'cpu' });
const q = randomTensor(1, [2, 4, 5, 8]);
const k = randomTensor(2, [2, 2, 6, 8]);
const v = randomTensor(3, [2, 2, 6, 16]);
const dOut = randomTensor(4, [2, 4, 5, 16]);

afterEach(() => {
  vi.unstubAllEnvs();
});

const closed = expect.objectContaining({ code: 'DEVICE_CLOSED' });

describe('openDevice', () => {
  it('says what it opened', async () => {
    const opened = await openDevice({ backend: 'cpu', threads: 1, isa: 'scalar' });
    expect(opened.info).toMatchObject({ backend: 'cpu', software: false, isa: 'scalar', threads: 1, version });
    expect(opened.info.name).not.toBe('');
    opened.close();
  });

  it('follows the environment, unless the caller says otherwise', () => {
    vi.stubEnv('FA_METAL_THREADS', '1');
    vi.stubEnv('FA_METAL_BACKEND', 'cpu');
    expect(openDeviceSync().info.threads).toBe(1);
    expect(openDeviceSync({ threads: 2 }).info.threads).toBe(2);
  });

  it('refuses an environment that is wrong, even where the caller says otherwise', async () => {
    vi.stubEnv('FA_METAL_BACKEND', 'gpu');
    const refused = expect.objectContaining({ code: 'INVALID_ENVIRONMENT', argument: 'FA_METAL_BACKEND' });
    await expect(openDevice({ backend: 'cpu' })).rejects.toThrow(refused);
    expect(() => openDeviceSync({ backend: 'cpu' })).toThrow(refused);
  });

  it('reports a library that is not there', async () => {
    vi.stubEnv('FA_METAL_LIBRARY', '/nowhere/addon.node');
    await expect(openDevice()).rejects.toThrow(
      expect.objectContaining({ code: 'LIBRARY_NOT_FOUND', argument: 'FA_METAL_LIBRARY' }),
    );
  });

  it.each([
    ['backend', { backend: 'cuda' }],
    ['backend', { backend: 1 }],
    ['device', { device: 'hardware' }],
    ['threads', { threads: -1 }],
    ['threads', { threads: 1.5 }],
    ['threads', { threads: 257 }],
    ['isa', { isa: 7 }],
    ['options', 'cpu'],
    ['options', null],
  ])('refuses a bad %s: %o', async (argument, options) => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', argument });
    expect(() => openDeviceSync(options as never)).toThrow(refused);
    await expect(openDevice(options as never)).rejects.toThrow(refused);
  });

  it.skipIf(process.platform === 'darwin')('says why metal cannot be had on a machine without it', () => {
    expect(() => openDeviceSync({ backend: 'metal' })).toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }),
    );
  });
});

describe('results', () => {
  it('have the shapes of the contract', () => {
    const { out, lse, softmaxStats } = device.attentionSync(q, k, v);
    expect(out).toMatchObject({ shape: [2, 4, 5, 16], dtype: 'float32' });
    expect(lse).toMatchObject({ shape: [2, 4, 5], dtype: 'float32' });
    expect(softmaxStats).toMatchObject({ shape: [2, 2, 4, 5], dtype: 'float32' });
    const gradients = device.attentionBackwardSync({ q, k, v, out, lse, dOut });
    expect(gradients.dq.shape).toEqual(q.shape);
    expect(gradients.dk.shape).toEqual(k.shape);
    expect(gradients.dv.shape).toEqual(v.shape);
    expect(Object.keys(gradients)).toEqual(['dq', 'dk', 'dv']);
  });

  it('follow the layout: blhd has [B, L, H, D] in and out, and lse [B, Hq, Lq]', () => {
    const options = { layout: 'blhd' } as const;
    const inputs = [
      randomTensor(1, [2, 5, 4, 8]),
      randomTensor(2, [2, 6, 2, 8]),
      randomTensor(3, [2, 6, 2, 16]),
    ] as const;
    const { out, lse } = device.attentionSync(...inputs, options);
    expect(out.shape).toEqual([2, 5, 4, 16]);
    expect(lse.shape).toEqual([2, 4, 5]);
    const expected = reference.attention({
      q: inputs[0] as never,
      k: inputs[1] as never,
      v: inputs[2] as never,
      options,
    });
    expect(
      (lse.data as Float32Array).every((value, index) => Math.abs(value - (expected.lse.data[index] as number)) < 1e-5),
    ).toBe(true);
  });

  it.each(['float16', 'bfloat16'] as const)('have the dtype of q: %s', (dtype) => {
    const inputs = [randomTensor(1, [1, 1, 3, 8], dtype), randomTensor(2, [1, 1, 3, 8], dtype)] as const;
    const { out, lse } = device.attentionSync(inputs[0], inputs[1], inputs[1]);
    expect(out.dtype).toBe(dtype);
    expect(out.data).toBeInstanceOf(Uint16Array);
    expect(lse.dtype).toBe('float32');
  });

  it('are the same bits for the same numbers in another kind of view', () => {
    const { data, shape, dtype } = q;
    const { buffer, byteOffset, byteLength } = data;
    const asBytes = { data: new Uint8Array(buffer, byteOffset, byteLength), shape, dtype };
    const asView = { data: new DataView(buffer, byteOffset, byteLength), shape, dtype };
    const expected = device.attentionSync(q, k, v).out;
    expect(device.attentionSync(asBytes, k, v).out).toEqual(expected);
    expect(device.attentionSync(asView, k, v).out).toEqual(expected);
  });

  it('leave out an option that is undefined', () => {
    const options = { causal: undefined, mask: undefined } as unknown as AttentionOptions;
    expect(device.attentionSync(q, k, v, options)).toEqual(device.attentionSync(q, k, v));
  });

  it('need no gradient of a bias that is declared a constant', () => {
    const options = { bias: randomTensor(5, [1, 1, 5, 6]) };
    const forward = device.attentionSync(q, k, v, options);
    const gradients = device.attentionBackwardSync({ q, k, v, ...forward, dOut, needs: { bias: false } }, options);
    expect('dBias' in gradients).toBe(false);
    expect(gradients.dq.data).not.toEqual(new Float32Array(320));
  });

  it('are the same from the default device', async () => {
    const forward = attentionSync(q, k, v);
    expect(await attention(q, k, v)).toEqual(forward);
    const inputs = { q, k, v, ...forward, dOut };
    expect(await attentionBackward(inputs)).toEqual(attentionBackwardSync(inputs));
    expect(forward).toEqual(device.attentionSync(q, k, v));
  });
});

describe('asynchronous calls', () => {
  it('leave the event loop free, and give the bits of the synchronous ones, many at a time', async () => {
    const inputs = Array.from({ length: 24 }, (_, seed) => randomTensor(seed, [1, 2, 200 + seed, 32]));
    const expected = inputs.map((tensor) => device.attentionSync(tensor, tensor, tensor, { causal: 'topLeft' }));
    let ticks = 0;
    const clock = setInterval(() => ticks++, 0);
    const results = await Promise.all(
      inputs.map((tensor) => device.attention(tensor, tensor, tensor, { causal: 'topLeft' })),
    );
    clearInterval(clock);
    expect(results).toEqual(expected);
    expect(ticks).toBeGreaterThan(0);
  });

  it('hold their tensors', async () => {
    const large = (seed: number): Tensor => randomTensor(seed, [1, 4, 512, 64]);
    const expected = device.attentionSync(large(1), large(2), large(3)).out;
    const promise = device.attention(large(1), large(2), large(3));
    // Garbage enough that the arguments would be collected if nothing held them.
    for (let round = 0; round < 50; round++) new Float32Array(1 << 18).fill(round);
    expect((await promise).out).toEqual(expected);
  });

  it('fail one by one', async () => {
    const calls = [
      device.attention(q, k, v),
      device.attention(q, k, v, { scale: Number.NaN }),
      device.attention(q, k, v),
    ];
    const statuses = (await Promise.allSettled(calls)).map(({ status }) => status);
    expect(statuses).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('go through worker threads of Node too', async () => {
    const { Worker } = await import('node:worker_threads');
    const { nativeLibraryPath } = await import('../src/index.js');
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      const device = require(workerData.path).openDevice({ backend: 'cpu', device: 'system', threads: 2, isa: '' });
      const { q, k, v, out, lse } = workerData;
      device.forwardAsync({ q, k, v, out, lse, options: {} }).then(() => parentPort.postMessage(out.data));`;
    const empty = (shape: number[]): Tensor => ({
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
      shape,
      dtype: 'float32',
    });
    const workerData = { path: nativeLibraryPath(), q, k, v, out: empty([2, 4, 5, 16]), lse: empty([2, 4, 5]) };
    const worker = new Worker(script, { eval: true, workerData });
    const data = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(data).toEqual(device.attentionSync(q, k, v).out.data);
  });
});

describe('close', () => {
  it('is idempotent and ends in DEVICE_CLOSED', async () => {
    const own = openDeviceSync({ backend: 'cpu' });
    const forward = own.attentionSync(q, k, v);
    own.close();
    own.close();
    expect(own.closed).toBe(true);
    expect(own.info.backend).toBe('cpu');
    const calls: ((device: Device) => unknown)[] = [
      () => own.attentionSync(q, k, v),
      () => own.attentionBackwardSync({ q, k, v, ...forward, dOut }),
      () => own.plan({ q, k, v }),
      () => own.supports({ q, k, v }),
      () => own.alloc([1], 'float32'),
    ];
    for (const call of calls) expect(call).toThrow(closed);
    await expect(own.attention(q, k, v)).rejects.toThrow(closed);
    await expect(own.attentionBackward({ q, k, v, ...forward, dOut })).rejects.toThrow(closed);
  });

  it('lets the calls in flight finish', async () => {
    const own = openDeviceSync({ backend: 'cpu' });
    const large = randomTensor(1, [1, 4, 512, 64]);
    const calls = Array.from({ length: 6 }, () => own.attention(large, large, large));
    own.close();
    const expected = device.attentionSync(large, large, large);
    expect(await Promise.all(calls)).toEqual(calls.map(() => expected));
  });

  it('leaves other devices open', () => {
    const [one, other] = [openDeviceSync({ backend: 'cpu' }), openDeviceSync({ backend: 'cpu' })];
    one.close();
    expect(other.attentionSync(q, k, v)).toEqual(device.attentionSync(q, k, v));
    other.close();
  });
});

describe('supports and plan', () => {
  const shapes: ProblemDescription = {
    q: { shape: [1, 8, 128, 64], dtype: 'float32' },
    k: { shape: [1, 8, 128, 64], dtype: 'float32' },
    v: { shape: [1, 8, 128, 64], dtype: 'float32' },
  };

  it('plan without data, and give the same plan every time', () => {
    const plan = device.plan(shapes);
    expect(plan).toMatchObject({ backend: 'cpu', kernel: 'cpu-flash-forward' });
    expect(plan.tasks).toBeGreaterThan(0);
    expect(plan.why).not.toBe('');
    expect(device.plan(shapes)).toEqual(plan);
    expect(device.plan({ ...shapes, direction: 'backward' }).kernel).toBe('cpu-flash-backward');
  });

  it('take options whose tensors lack their data', () => {
    const mask = { shape: [1, 1, 128, 128], dtype: 'bool' } as const;
    expect(device.supports({ ...shapes, options: { mask, causal: 'topLeft' } })).toEqual({ ok: true });
  });

  it('force a kernel by name, if it fits', () => {
    expect(device.plan({ ...shapes, options: { kernel: 'cpu-flash-forward' } }).kernel).toBe('cpu-flash-forward');
    expect(device.supports({ ...shapes, options: { kernel: 'cpu-flash-backward' } })).toMatchObject({
      ok: false,
      argument: 'kernel',
    });
  });

  it.each<[string, string, Partial<ProblemDescription>]>([
    ['UNSUPPORTED', 'softcap', { options: { softcap: 20 } }],
    [
      'UNSUPPORTED',
      'q',
      { q: { shape: [1, 8, 128, 577], dtype: 'float32' }, k: { shape: [1, 8, 128, 577], dtype: 'float32' } },
    ],
    ['SHAPE_MISMATCH', 'k', { k: { shape: [1, 8, 128, 32], dtype: 'float32' } }],
    [
      'UNSUPPORTED_GRADIENT',
      'bias',
      { direction: 'backward', options: { bias: { shape: [1, 1, 1, 128], dtype: 'float32' } } },
    ],
    ['INVALID_ARGUMENT', 'direction', { direction: 'sideways' as never }],
  ])('answer %s %s, and would refuse the call with the same words', (code, argument, change) => {
    const problem = { ...shapes, ...change };
    const answer = device.supports(problem);
    expect(answer).toMatchObject({ ok: false, code, argument });
    expect(() => device.plan(problem)).toThrow((answer as { reason: string }).reason);
  });

  it('answer yes for a bias that is a constant', () => {
    const options = { bias: { shape: [1, 1, 1, 128], dtype: 'float32' } } as const;
    expect(device.supports({ ...shapes, options, direction: 'backward', needs: { bias: false } })).toEqual({
      ok: true,
    });
  });
});

describe('alloc', () => {
  it('gives zeros that the op takes', () => {
    const tensor = device.alloc([2, 4, 5, 8], 'float32');
    expect(tensor).toEqual({ data: new Float32Array(320), shape: [2, 4, 5, 8], dtype: 'float32' });
    (tensor.data as Float32Array).set(q.data as Float32Array);
    expect(device.attentionSync(tensor, k, v)).toEqual(device.attentionSync(q, k, v));
  });

  it.each([
    ['float16', Uint16Array],
    ['bfloat16', Uint16Array],
    ['int32', Int32Array],
    ['int8', Int8Array],
    ['bool', Uint8Array],
  ] as const)('%s lies in a %o', (dtype, array) => {
    expect(device.alloc([3, 5], dtype).data).toEqual(new array(15));
  });

  it('gives an empty tensor', () => {
    expect(device.alloc([0, 5], 'float32').data).toHaveLength(0);
  });

  it('gives back its memory when the event loop turns', async () => {
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 100; round++) {
      (device.alloc([1 << 22], 'float32').data as Float32Array).fill(1);
      await new Promise(setImmediate);
    }
    // 100 times 16 MiB would be 1.6 GiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
  });

  it.each([
    ['INVALID_ARGUMENT', 'shape', [-1], 'float32'],
    ['INVALID_ARGUMENT', 'shape', 4, 'float32'],
    ['INVALID_ARGUMENT', 'dtype', [4], 'float64'],
    ['SIZE_OVERFLOW', 'shape', [2 ** 40, 2 ** 40], 'float32'],
    ['OUT_OF_MEMORY', undefined, [2 ** 47], 'float32'],
  ])('refuses with %s %s', (code, argument, shape, dtype) => {
    expect(() => device.alloc(shape as number[], dtype as 'float32')).toThrow(
      expect.objectContaining(argument === undefined ? { code } : { code, argument }),
    );
  });
});

import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type AttentionResult, type Device, openDeviceSync, type Tensor } from '../src/index.js';
import { randomTensor } from './random-tensor.js';
import { dOut, k, q, v } from './small-problem.js';

const device = openDeviceSync({ backend: 'cpu' });
const closed = expect.objectContaining({ code: 'DEVICE_CLOSED', argument: 'device' });

/** A digest of every bit of a result; comparing the elements one by one takes seconds. */
function digestOf({ out, lse }: AttentionResult): string {
  const digest = createHash('sha256');
  for (const { data } of [out, lse]) digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return digest.digest('hex');
}

/** What `node --expose-gc` gives. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('asynchronous calls', () => {
  it('leave the event loop free, and give the bits of the synchronous ones, many at a time', async () => {
    // Long enough that the clock has its turn before the last one ends.
    const inputs = Array.from({ length: 24 }, (_, seed) => randomTensor(seed, [1, 4, 500 + seed, 64]));
    const expected = inputs.map((tensor) => device.attentionSync(tensor, tensor, tensor, { causal: 'topLeft' }));
    let ticks = 0;
    const clock = setInterval(() => ticks++, 0);
    const results = await Promise.all(
      inputs.map((tensor) => device.attention(tensor, tensor, tensor, { causal: 'topLeft' })),
    );
    clearInterval(clock);
    expect(results.map(digestOf)).toEqual(expected.map(digestOf));
    expect(ticks).toBeGreaterThan(0);
  });

  it('hold their tensors', async () => {
    const large = (seed: number): Tensor => randomTensor(seed, [1, 4, 512, 64]);
    const expected = digestOf(device.attentionSync(large(1), large(2), large(3)));
    const promise = device.attention(large(1), large(2), large(3));
    collectGarbage();
    expect(digestOf(await promise)).toEqual(expected);
  });

  it('trust no length that is written to while they run: a refusal, or the bits of what was checked', async () => {
    const large = randomTensor(5, [1, 4, 512, 64]);
    const lengths = () => ({ data: Int32Array.of(300), shape: [1], dtype: 'int32' }) as const;
    const expected = digestOf(device.attentionSync(large, large, large, { kvLengths: lengths() }));
    for (let delay = 0; delay < 20; delay++) {
      const kvLengths = lengths();
      const promise = device.attention(large, large, large, { kvLengths });
      const end = performance.now() + delay / 10;
      while (performance.now() < end);
      kvLengths.data[0] = 2 ** 30;
      const found = await promise.then(digestOf, (error: { code: string; argument: string }) => error);
      expect([expected, { code: 'INVALID_ARGUMENT', argument: 'kvLengths' }]).toContainEqual(
        typeof found === 'string' ? found : { code: found.code, argument: found.argument },
      );
    }
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
    const expected = digestOf(device.attentionSync(large, large, large));
    expect((await Promise.all(calls)).map(digestOf)).toEqual(calls.map(() => expected));
  });

  it('leaves other devices open', () => {
    const [one, other] = [openDeviceSync({ backend: 'cpu' }), openDeviceSync({ backend: 'cpu' })];
    one.close();
    expect(other.attentionSync(q, k, v)).toEqual(device.attentionSync(q, k, v));
    other.close();
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { difference, float32, noise, ort, ours } from './support/host.js';
import { type ElementType, encodeModel, type Model, type Shape } from './support/model.js';

const shape: Shape = ['B', 'H', 'L', 64];
const attention: Model = {
  inputs: { Q: ['float32', shape], K: ['float32', shape], V: ['float32', shape] },
  outputs: { Y: 'float32' },
  nodes: [{ op: 'Attention', inputs: ['Q', 'K', 'V'], outputs: ['Y'] }],
};
const feeds = (length: number, heads = 2) => ({
  Q: float32([1, heads, length, 64], 1),
  K: float32([1, heads, length, 64], 2),
  V: float32([1, heads, length, 64], 3),
});
const identity = (type: ElementType, size: Shape = ['N']): Model => ({
  inputs: { x: [type, size] },
  outputs: { y: type },
  nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
});

describe('run', () => {
  test('leaves the event loop free', async () => {
    const session = await ours(attention);
    const inputs = feeds(2048, 4);
    let turns = 0;
    let longest = 0;
    let running = true;
    const start = performance.now();
    const run = session.run(inputs).finally(() => {
      running = false;
    });
    for (let last = performance.now(); running; turns++) {
      await nextTurn();
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    await run;
    const duration = performance.now() - start;
    expect(turns).toBeGreaterThan(10);
    expect(longest).toBeLessThan(duration / 2);
  });

  test('many at once give what one after the other gives', async () => {
    const session = await ours(attention);
    const all = Array.from({ length: 40 }, (_, index) => feeds(16 + index));
    const together = await Promise.all(all.map((one) => session.run(one)));
    for (const [index, one] of all.entries()) {
      const { Y } = await session.run(one);
      expect(difference(Y!.data as Float32Array, together[index]!['Y']!.data as Float32Array)).toBe(0);
    }
  });

  test('fetches choose outputs, and a tensor among them is written in place', async () => {
    const session = await ours({
      ...attention,
      outputs: { Y: 'float32', Z: 'float32' },
      nodes: [...attention.nodes, { op: 'Neg', inputs: ['Y'], outputs: ['Z'] }],
    });
    const inputs = feeds(8);
    expect(Object.keys(await session.run(inputs, ['Z']))).toEqual(['Z']);
    const own = new ort.Tensor('float32', new Float32Array(2 * 8 * 64), [1, 2, 8, 64]);
    const { Y } = await session.run(inputs, { Y: own });
    expect(Y).toBe(own);
    const { Z } = await session.run(inputs);
    expect(
      difference(
        own.data as Float32Array,
        (Z!.data as Float32Array).map((value) => -value),
      ),
    ).toBe(0);
  });

  test('a result keeps its memory, whatever its session does later', async () => {
    const session = await ours(attention);
    const inputs = feeds(512); // a result of 256 KB, which is handed over without a copy
    const { Y } = await session.run(inputs);
    const then = Float32Array.from(Y!.data as Float32Array);
    for (let i = 0; i < 5; i++) await session.run({ ...inputs, V: float32([1, 2, 512, 64], 10 + i) });
    await session.release();
    await ours(attention).then((other) => other.run(inputs));
    expect(difference(Y!.data as Float32Array, then)).toBe(0);
  });

  test('an output that is an input is a copy', async () => {
    const x = new ort.Tensor('float32', Float32Array.of(1, 2, 3), [3]);
    const { y } = await (await ours(identity('float32'))).run({ x });
    (x.data as Float32Array).fill(0);
    expect(y!.data).toEqual(Float32Array.of(1, 2, 3));
  });

  test.each<[ElementType, ArrayBufferView]>([
    ['float32', Float32Array.of(1.5, -2)],
    ['float64', Float64Array.of(1.5, -2)],
    ['int8', Int8Array.of(1, -2)],
    ['int32', Int32Array.of(1, -2)],
    ['int64', BigInt64Array.of(1n, -2n)],
    ['bool', Uint8Array.of(1, 0)],
    ['float16', Uint16Array.of(0x3e00, 0xc000)],
  ])('%s tensors go through', async (type, data) => {
    const x = new ort.Tensor(type as 'float32', data as Float32Array, [2]);
    const { y } = await (await ours(identity(type))).run({ x });
    expect([y!.type, y!.dims, y!.data]).toEqual([type, [2], x.data]);
  });

  test('empty tensors and scalars go through', async () => {
    const { y: empty } = await (await ours(identity('float32'))).run({ x: new ort.Tensor('float32', [], [0]) });
    expect([empty!.dims, empty!.data]).toEqual([[0], new Float32Array(0)]);
    const { y: scalar } = await (await ours(identity('float32', []))).run({ x: new ort.Tensor('float32', [7], []) });
    expect([scalar!.dims, scalar!.data]).toEqual([[], Float32Array.of(7)]);
  });
});

describe('a session', () => {
  test('reads its model from a file, a buffer and a part of a buffer', async () => {
    const bytes = encodeModel(attention);
    const folder = mkdtempSync(join(tmpdir(), 'fa-metal-'));
    writeFileSync(join(folder, 'model.onnx'), bytes);
    const padded = new Uint8Array(bytes.length + 20);
    padded.set(bytes, 10);
    const options = { executionProviders: ['fa-metal'] };
    const sessions = [
      await ort.InferenceSession.create(join(folder, 'model.onnx'), options),
      await ort.InferenceSession.create(bytes, options),
      await ort.InferenceSession.create(padded.buffer, 10, bytes.length, options),
    ];
    rmSync(folder, { recursive: true });
    for (const session of sessions) expect(session.inputNames).toEqual(['Q', 'K', 'V']);
  });

  test('that is released lets runs in flight finish, and refuses later ones', async () => {
    const session = await ours(attention);
    const inputs = feeds(512);
    const running = Array.from({ length: 6 }, () => session.run(inputs));
    let finished = 0;
    for (const run of running) run.then(() => finished++);
    await session.release();
    expect(finished).toBe(6);
    await expect(session.run(inputs)).rejects.toMatchObject({
      name: 'FaMetalError',
      code: 'INVALID_ARGUMENT',
      argument: 'session',
    });
    await session.release();
  });

  test("takes onnxruntime-common's options", async () => {
    const session = await ours(attention, {
      graphOptimizationLevel: 'basic',
      executionMode: 'sequential',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      logVerbosityLevel: 0,
      logId: 'test',
      enableCpuMemArena: false,
      enableMemPattern: false,
      freeDimensionOverrides: { H: 2 },
      preferredOutputLocation: 'cpu',
      enableGraphCapture: false,
      extra: { session: { disable_prepacking: '1' } },
    });
    expect(session.inputMetadata[0]).toMatchObject({ shape: ['B', 2, 'L', 64] });
    await session.run(feeds(8), {
      logSeverityLevel: 4,
      tag: 'test',
      extra: { memory: { enable_memory_arena_shrinkage: '' } },
    });
  });

  test('does not leak: memory after 200 sessions is that after 100', async () => {
    const inputs = feeds(64);
    const bytes = encodeModel(attention);
    const open = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const session = await ort.InferenceSession.create(bytes, {
          executionProviders: ['fa-metal'],
          intraOpNumThreads: 1,
        });
        await session.run(inputs);
        await session.release();
      }
      return process.memoryUsage.rss();
    };
    const half = await open(100);
    const whole = await open(100);
    expect(whole - half).toBeLessThan(8e6);
  });

  test.each([
    ['copied', identity('float32'), () => ({ x: new ort.Tensor('float32', noise(1_000_000, 1), [1_000_000]) })],
    ['handed over', attention, () => feeds(512, 8)],
  ])('does not leak: memory after 300 large runs is that after 100, results %s', async (_, model, makeFeeds) => {
    const session = await ours(model);
    const inputs = makeFeeds();
    const run = async (count: number) => {
      for (let i = 0; i < count; i++) await session.run(inputs);
      return process.memoryUsage.rss();
    };
    const first = await run(100);
    const last = await run(200);
    expect(last - first).toBeLessThan(100e6);
  });
});

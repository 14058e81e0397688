import { createRequire } from 'node:module';
import { loadLibrary } from '@fa-metal/core';
import { afterEach, expect, test, vi } from 'vitest';
import * as adapter from '../src/index.js';
import type { NativeBridge } from '../src/native-bridge.js';
import { errorOf } from './support/errors.js';
import { fastestRoute, onTfjsNode, tf, withTensorFlow } from './support/hosts.js';

const require = createRequire(import.meta.url);
const train = require('./programs/train.cjs') as (tf: adapter.TensorFlow, copy: typeof adapter) => number[];

afterEach(() => {
  adapter.register(tf);
});

test('before register, attention and info say what to do', async () => {
  vi.resetModules();
  const fresh = await import('../src/index.js');
  const x = tf.ones([1, 1, 1, 8]);
  expect(errorOf(() => fresh.attention(x, x, x))).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'tf' });
  expect(errorOf(() => fresh.info()).message).toContain('register(tf)');
});

test('registering twice changes nothing', () => {
  const warn = vi.spyOn(console, 'warn');
  const first = adapter.register(tf);
  const losses = train(tf, adapter);
  const kernels = tf.getKernelsForBackend(tf.getBackend()).length;
  expect(adapter.register(tf)).toEqual(first);
  expect(tf.getKernelsForBackend(tf.getBackend()).length).toBe(kernels);
  expect(train(tf, adapter)).toEqual(losses);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('a fresh module after vi.resetModules registers and trains beside the former one', async () => {
  const warn = vi.spyOn(console, 'warn');
  adapter.register(tf);
  const losses = train(tf, adapter);
  for (let i = 0; i < 2; i++) {
    vi.resetModules();
    const fresh = await import('../src/index.js');
    expect(fresh.attention).not.toBe(adapter.attention);
    expect(fresh.register(tf).route).toBe(fastestRoute);
    expect(train(tf, fresh)).toEqual(losses);
  }
  expect(train(tf, adapter)).toEqual(losses);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('two instances of tfjs, one after the other and back', () => {
  // The bundle holds a tfjs-core of its own; both use the engine and the backends that globalThis carries.
  const warn = vi.spyOn(console, 'warn').mockReturnValue(); // it names every kernel that is there already
  const other = require('@tensorflow/tfjs/dist/tf.js') as adapter.TensorFlow;
  warn.mockRestore();
  expect(other.Tensor).not.toBe(tf.Tensor);
  adapter.register(tf);
  const losses = train(tf, adapter);
  adapter.register(other);
  expect(train(other, adapter)).toEqual(losses);
  const layer = adapter.layers.flashAttention();
  expect(layer).toBeInstanceOf((other as typeof tf).layers.Layer);
  adapter.register(tf);
  expect(train(tf, adapter)).toEqual(losses);
});

test.runIf(withTensorFlow)(onTfjsNode('one name of the op per loaded binary, whatever asks for it'), () => {
  const bridge = loadLibrary().addon.tensorflow as unknown as NativeBridge;
  const config = { backend: 'cpu', device: 'system', threads: 1, isa: '' } as const;
  const [first, second] = [bridge.register(config), bridge.register({ ...config, threads: 2 })];
  expect(second.forward).toBe(first.forward);
  expect(second.device).not.toBe(first.device);
  expect(bridge.register(config)).toEqual(first);
  expect(second.info.threads).toBe(2);
});

test('calls from several asynchronous functions do not disturb each other', async () => {
  adapter.register(tf);
  const run = async (seed: number) => {
    const x = tf.randomNormal([1, 2, 16, 8], 0, 1, 'float32', seed);
    await Promise.resolve();
    const gradient = tf.grad((y: ReturnType<typeof tf.tensor>) =>
      adapter.attention(y, y, y, { causal: 'topLeft' }).square().sum(),
    )(x);
    await Promise.resolve();
    return Array.from(await gradient.data());
  };
  const alone = [await run(1), await run(2), await run(3)];
  expect(await Promise.all([run(1), run(2), run(3)])).toEqual(alone);
});

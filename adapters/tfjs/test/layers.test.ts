import { beforeEach, expect, test } from 'vitest';
import { attention, type FlashAttentionConfig, layers, register } from '../src/index.js';
import { errorOf } from './support/errors.js';
import { tf } from './support/hosts.js';

beforeEach(() => {
  register(tf);
});

const config: FlashAttentionConfig = { layout: 'blhd', causal: 'topLeft', scale: 0.3, window: { left: 3, right: 0 } };

/** Projects x to q, k, v with two heads, attends, and projects back. */
function model() {
  const input = tf.input({ shape: [6, 8] });
  const project = (name: string) => {
    const flat = tf.layers.dense({ units: 16, name }).apply(input);
    return tf.layers.reshape({ targetShape: [6, 2, 8] }).apply(flat);
  };
  const heads = layers.flashAttention(config).apply([project('q'), project('k'), project('v')] as never);
  const flat = tf.layers.reshape({ targetShape: [6, 16] }).apply(heads as never);
  return tf.model({ inputs: input, outputs: tf.layers.dense({ units: 4 }).apply(flat) as never });
}

test('the layer gives what attention gives, and knows its shape', () => {
  const shape = [2, 6, 2, 8];
  const [q, k, v] = [1, 2, 3].map((seed) => tf.randomNormal(shape, 0, 1, 'float32', seed)) as [never, never, never];
  const layer = layers.flashAttention(config);
  const out = layer.apply([q, k, v]) as ReturnType<typeof tf.tensor>;
  const { layout, causal, scale, window } = config;
  const expected = attention(q, k, v, { layout, causal, scale, window } as never);
  expect(out.dataSync()).toEqual(expected.dataSync());
  expect(layer.computeOutputShape([shape, shape, [2, 6, 2, 5]])).toEqual([2, 6, 2, 5]);
});

test('a model with the layer is saved and loaded', async () => {
  const original = model();
  let saved: unknown;
  await original.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  expect(JSON.stringify(saved)).toContain('FaMetalFlashAttention');
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as never));
  const x = tf.randomNormal([3, 6, 8], 0, 1, 'float32', 4);
  const [a, b] = [original.predict(x), loaded.predict(x)] as ReturnType<typeof tf.tensor>[];
  expect(b?.dataSync()).toEqual(a?.dataSync());
  const layer = loaded.layers.find((one) => one.getClassName() === 'FaMetalFlashAttention');
  expect(layer?.getConfig()).toMatchObject(config);
});

test('a model with the layer trains', async () => {
  const net = model();
  net.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
  const x = tf.randomNormal([16, 6, 8], 0, 1, 'float32', 1);
  const y = tf.randomNormal([16, 6, 4], 0, 1, 'float32', 2);
  const { history } = await net.fit(x, y, { epochs: 30, verbose: 0 });
  const losses = history['loss'] as number[];
  expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
});

test('wrong inputs and options are refused by name', () => {
  const x = tf.ones([1, 2, 2, 8]);
  expect(errorOf(() => layers.flashAttention().apply([x, x] as never))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    argument: 'inputs',
  });
  const refused = (wrong: object) => errorOf(() => layers.flashAttention(wrong as FlashAttentionConfig));
  expect(refused({ causal: true })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'causal' });
  expect(refused({ casual: 'topLeft' })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'casual' });
  expect(refused({ mask: tf.ones([1, 1, 2, 2], 'bool') })).toMatchObject({
    code: 'INVALID_ARGUMENT',
    argument: 'mask',
  });
  expect(errorOf(() => layers.flashAttention(null as never))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    argument: 'config',
  });
});

test('the arguments of every layer of tfjs are taken', () => {
  const layer = layers.flashAttention({ name: 'attend', trainable: false, dtype: 'float32', causal: 'topLeft' });
  expect(layer.getConfig()).toMatchObject({ name: 'attend', trainable: false, causal: 'topLeft' });
});

import { type AttentionOptions, attention, attentionBackward } from '@fa-metal/core';
import { expect, test } from 'vitest';
import { difference, float32, ort, ours } from './support/host.js';
import type { Attribute, ElementType, Model, Shape } from './support/model.js';

const tensor = (shape: number[], seed: number) => ({
  data: float32(shape, seed).data as Float32Array,
  shape,
  dtype: 'float32' as const,
});

/** One graph with the forward and the backward pass. */
function trainingModel(attributes: Record<string, Attribute>): Model {
  const shape = ['B', 'H', 'L', 'D'];
  const inputs = ['q', 'k', 'v', 'dOut'];
  return {
    inputs: Object.fromEntries(inputs.map((name) => [name, ['float32', shape.map((axis) => `${name}${axis}`)]])),
    outputs: { out: 'float32', lse: 'float32', dq: 'float32', dk: 'float32', dv: 'float32' },
    nodes: [
      { op: 'FlashAttention', domain: 'fa.metal', inputs: ['q', 'k', 'v'], outputs: ['out', 'lse'], attributes },
      {
        op: 'FlashAttentionGrad',
        domain: 'fa.metal',
        attributes,
        inputs: ['q', 'k', 'v', 'out', 'lse', 'dOut'],
        outputs: ['dq', 'dk', 'dv'],
      },
    ],
  };
}

test.each<[string, Record<string, Attribute>, AttentionOptions, number[], number[]]>([
  ['plain', {}, {}, [2, 4, 33, 32], [2, 4, 33, 32]],
  [
    'causal to the last key, grouped heads',
    { causal: 'bottomRight' },
    { causal: 'bottomRight' },
    [2, 4, 9, 32],
    [2, 2, 40, 32],
  ],
  [
    'causal offset, scale',
    { causal: 'offset', causal_offset: 3, scale: { float: 0.5 } },
    { causal: { offset: 3 }, scale: 0.5 },
    [1, 2, 20, 16],
    [1, 2, 20, 16],
  ],
  [
    'window, heads after rows',
    { layout: 'blhd', window_left: 5, window_right: 0 },
    { layout: 'blhd', window: { left: 5, right: 0 } },
    [2, 30, 4, 16],
    [2, 30, 2, 16],
  ],
])('forward and gradient in one graph: %s', async (_, attributes, options, queries, keys) => {
  const [q, k, v, dOut] = [tensor(queries, 1), tensor(keys, 2), tensor(keys, 3), tensor(queries, 4)];
  const session = await ours(trainingModel(attributes));
  const results = await session.run({
    q: float32(queries, 1),
    k: float32(keys, 2),
    v: float32(keys, 3),
    dOut: float32(queries, 4),
  });
  const { out, lse } = await attention(q, k, v, options);
  const gradients = await attentionBackward({ q, k, v, out, lse, dOut }, options);
  const expected = { out, lse, dq: gradients.dq, dk: gradients.dk, dv: gradients.dv };
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(results[name]!.dims, name).toEqual(shape);
    expect(difference(results[name]!.data as Float32Array, data as Float32Array), name).toBe(0);
  }
});

test('packed sequences, and a seed of 64 bits', async () => {
  const seed = 2n ** 63n + 12345n;
  const starts = { q: [0, 3, 3, 10], k: [0, 5, 6, 17] };
  const int32 = (values: number[]) => ({ data: Int32Array.from(values), shape: [4], dtype: 'int32' as const });
  const options: AttentionOptions = {
    causal: 'bottomRight',
    dropout: { rate: 0.25, seed },
    cuSeqlensQ: int32(starts.q),
    cuSeqlensK: int32(starts.k),
  };
  const [q, k, v, dOut] = [
    tensor([10, 4, 16], 1),
    tensor([17, 2, 16], 2),
    tensor([17, 2, 8], 3),
    tensor([10, 4, 8], 4),
  ];
  const { out, lse } = await attention(q, k, v, options);
  const gradients = await attentionBackward({ q, k, v, out, lse, dOut }, options);

  const attributes = { causal: 'bottomRight', dropout_rate: { float: 0.25 }, seed: BigInt.asIntN(64, seed) };
  const float3: [ElementType, Shape] = ['float32', ['T', 'H', 'D']];
  const begins: [ElementType, Shape] = ['int32', ['B']];
  const left = Array<string>(5).fill('');
  const session = await ours({
    inputs: Object.fromEntries([
      ...['q', 'k', 'v', 'dOut'].map((name) => [name, [float3[0], float3[1]?.map((axis) => `${name}${axis}`)]]),
      ...['cq', 'ck'].map((name) => [name, begins]),
    ]),
    outputs: { out: 'float32', lse: 'float32', dq: 'float32', dk: 'float32', dv: 'float32' },
    nodes: [
      {
        op: 'FlashAttention',
        domain: 'fa.metal',
        attributes,
        inputs: ['q', 'k', 'v', ...left, 'cq', 'ck'],
        outputs: ['out', 'lse'],
      },
      {
        op: 'FlashAttentionGrad',
        domain: 'fa.metal',
        attributes,
        inputs: ['q', 'k', 'v', 'out', 'lse', 'dOut', '', ...left, 'cq', 'ck'],
        outputs: ['dq', 'dk', 'dv'],
      },
    ],
  });
  const feed = ({ data, shape }: typeof q) => new ort.Tensor('float32', data, shape);
  const results = await session.run({
    ...{ q: feed(q), k: feed(k), v: feed(v), dOut: feed(dOut) },
    cq: new ort.Tensor('int32', Int32Array.from(starts.q), [4]),
    ck: new ort.Tensor('int32', Int32Array.from(starts.k), [4]),
  });
  const expected = { out, lse, dq: gradients.dq, dk: gradients.dk, dv: gradients.dv };
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(results[name]!.dims, name).toEqual(shape);
    expect(difference(results[name]!.data as Float32Array, data as Float32Array), name).toBe(0);
  }
});

test('a gradient of what the node was not given is refused by name', async () => {
  const rows: [ElementType, Shape] = ['float32', ['B', 'H', 'L', 8]];
  const names = ['q', 'k', 'v', 'out', 'dOut'];
  const session = await ours(
    {
      inputs: { ...Object.fromEntries(names.map((name) => [name, rows])), lse: ['float32', ['B', 'H', 'L']] },
      outputs: { dq: 'float32', dSinks: 'float32' },
      nodes: [
        {
          op: 'FlashAttentionGrad',
          domain: 'fa.metal',
          inputs: ['q', 'k', 'v', 'out', 'lse', 'dOut'],
          outputs: ['dq', 'dk', 'dv', '', '', 'dSinks'],
        },
      ],
    },
    { logSeverityLevel: 4 },
  );
  const feeds = Object.fromEntries(names.map((name, index) => [name, float32([1, 2, 3, 8], index)]));
  await expect(session.run({ ...feeds, lse: float32([1, 2, 3], 9) })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    argument: 'sinks',
  });
});

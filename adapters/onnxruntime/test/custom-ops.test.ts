import { type AttentionOptions, attention, attentionBackward } from '@fa-metal/core';
import { expect, test } from 'vitest';
import { difference, float32, ours } from './support/host.js';
import type { Attribute, Model } from './support/model.js';

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

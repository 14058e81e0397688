import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaMetalError } from '@fa-metal/core';
import { expect, test } from 'vitest';
import { assigned, difference, float32, ort, ours, registration, stock } from './support/host.js';
import type { Attribute, ElementType, Model, Shape } from './support/model.js';

const shape: Shape = ['B', 2, 'L', 16];
const qkv: Model['inputs'] = { Q: ['float32', shape], K: ['float32', shape], V: ['float32', shape] };
const feeds = () => ({ Q: float32([1, 2, 6, 16], 1), K: float32([1, 2, 6, 16], 2), V: float32([1, 2, 6, 16], 3) });

function single(
  attributes: Record<string, Attribute>,
  more: Partial<Model> & { extra?: string[]; gives?: string[] } = {},
): Model {
  const { extra = [], gives = ['Y'], ...rest } = more;
  return {
    inputs: qkv,
    outputs: { Y: 'float32' },
    nodes: [{ op: 'Attention', inputs: ['Q', 'K', 'V', ...extra], outputs: gives, attributes }],
    ...rest,
  };
}

const mixed: Model = {
  inputs: qkv,
  outputs: { Y: 'float32' },
  nodes: [
    { op: 'Add', name: 'before', inputs: ['Q', 'Q'], outputs: ['Q2'] },
    { op: 'Attention', name: 'attention', inputs: ['Q2', 'K', 'V'], outputs: ['A'], attributes: { is_causal: 1 } },
    { op: 'Mul', name: 'after', inputs: ['A', 'A'], outputs: ['Y'] },
  ],
};

test('a mixed graph is split node by node, and the profile of ONNX Runtime agrees', async () => {
  const prefix = join(tmpdir(), `fa-metal-profile-${process.pid}`);
  const session = await ours(mixed, { enableProfiling: true, profileFilePrefix: prefix });
  expect(registration.assignment(session).map(({ name, provider }) => [name, provider])).toEqual([
    ['before', 'cpu'],
    ['attention', 'fa-metal'],
    ['after', 'cpu'],
  ]);
  const { Y } = await session.run(feeds());
  const { Y: theirs } = await (await stock(mixed)).run(feeds());
  expect(difference(Y!.data as Float32Array, theirs!.data as Float32Array)).toBeLessThan(2e-6);

  session.endProfiling();
  const file = readdirSync(tmpdir()).find((name) => name.startsWith(`fa-metal-profile-${process.pid}`))!;
  const events = JSON.parse(readFileSync(join(tmpdir(), file), 'utf8')) as {
    name: string;
    args?: { provider?: string };
  }[];
  rmSync(join(tmpdir(), file));
  const ran = events
    .filter(({ args }) => args?.provider)
    .map(({ name, args }) => [name.replace('_kernel_time', ''), args!.provider]);
  expect(ran).toEqual([
    ['before', 'CPUExecutionProvider'],
    ['attention', 'FaMetalExecutionProvider'],
    ['after', 'CPUExecutionProvider'],
  ]);
});

const cache: [ElementType, Shape] = ['float32', ['B', 2, 'P', 16]];
const withCache = { ...qkv, PK: cache, PV: cache };

test.each<[string, Model, string]>([
  ['a softcap below 0', single({ softcap: { float: -2 } }), 'softcap'],
  [
    'a cache',
    single(
      {},
      {
        inputs: withCache,
        extra: ['', 'PK', 'PV'],
        gives: ['Y', 'K2', 'V2'],
        outputs: { Y: 'float32', K2: 'float32', V2: 'float32' },
      },
    ),
    'present_key',
  ],
  [
    'qk_matmul_output',
    single({}, { gives: ['Y', '', '', 'S'], outputs: { Y: 'float32', S: 'float32' } }),
    'qk_matmul_output',
  ],
  ['softmax in float64', single({ softmax_precision: 11 }), 'softmax_precision'],
  [
    'a mask of more axes than attention has',
    single({}, { inputs: { ...qkv, M: ['bool', [1, 1, 1, 1, 1, 1, 1, 1, 6, 6]] }, extra: ['M'] }),
    'rank 10',
  ],
  [
    'heads that are too wide',
    single({}, { inputs: Object.fromEntries(['Q', 'K', 'V'].map((name) => [name, ['float32', ['B', 1, 'L', 640]]])) }),
    '576',
  ],
])('%s is left to ONNX Runtime, with the reason', async (_, model, word) => {
  const session = await ours(model);
  const { here, elsewhere } = assigned(session);
  expect(here).toEqual([]);
  expect(elsewhere['Attention']).toContain(word);
});

test('a node that is left still runs', async () => {
  const model = single({ softmax_precision: 11 });
  const { Y } = await (await ours(model)).run(feeds());
  const { Y: theirs } = await (await stock(model)).run(feeds());
  expect(difference(Y!.data as Float32Array, theirs!.data as Float32Array)).toBeLessThan(1e-6);
});

test('operators that are no attention are left, by name', async () => {
  const value: [ElementType, Shape] = ['float32', ['B', 'L', 32]];
  const session = await ours({
    inputs: { x: value },
    outputs: { y: 'float32' },
    nodes: [{ op: 'QuickGelu', domain: 'com.microsoft', inputs: ['x'], outputs: ['y'] }],
  });
  expect(assigned(session).elsewhere).toEqual({ QuickGelu: 'com.microsoft.QuickGelu is not taken here' });
});

test('assignment() refuses sessions of others', async () => {
  const session = await stock(mixed);
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', argument: 'session' });
  expect(() => registration.assignment(session)).toThrow(refused);
  expect(() => registration.assignment(undefined as never)).toThrow(FaMetalError);
});

test('metadata is that of onnxruntime-node', async () => {
  const own = await ours(mixed);
  const theirs = await stock(mixed);
  expect(own.inputNames).toEqual(theirs.inputNames);
  expect(own.outputNames).toEqual(theirs.outputNames);
  expect(own.inputMetadata).toEqual(theirs.inputMetadata);
  expect(own.outputMetadata).toEqual(theirs.outputMetadata);
});

test('a session without attention works too', async () => {
  const value: [ElementType, Shape] = ['int64', ['N']];
  const session = await ours({
    inputs: { a: value },
    outputs: { b: 'int64' },
    nodes: [{ op: 'Add', inputs: ['a', 'a'], outputs: ['b'] }],
  });
  const { b } = await session.run({ a: new ort.Tensor('int64', [1n, -2n], [2]) });
  expect(b!.data).toEqual(BigInt64Array.of(2n, -4n));
});

import { FaMetalError } from '@fa-metal/core';
import { expect, test } from 'vitest';
import { register } from '../src/index.js';
import { bool, float32, ort, ours } from './support/host.js';
import type { Attribute, ElementType, Model, Shape } from './support/model.js';

// Refusals of the op itself run through the provider and the custom ops in conformance.test.ts; these are the host's.

const shape: Shape = ['B', 2, 'L', 16];
const operands: Model['inputs'] = { q: ['float32', shape], k: ['float32', shape], v: ['float32', shape] };
const feeds = () => ({ q: float32([1, 2, 6, 16], 1), k: float32([1, 2, 6, 16], 2), v: float32([1, 2, 6, 16], 3) });

function flash(attributes: Record<string, Attribute> = {}, inputs: Model['inputs'] = operands): Model {
  return {
    inputs,
    outputs: { out: inputs['q']![0] },
    nodes: [{ op: 'FlashAttention', domain: 'fa.metal', inputs: Object.keys(inputs), outputs: ['out'], attributes }],
  };
}

/** The error, after which the process must still work. */
async function refusalOf(call: () => unknown): Promise<FaMetalError> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(FaMetalError.isInstance(error), String(error)).toBe(true);
  const { out } = await (await ours(flash())).run(feeds());
  expect(out!.dims).toEqual([1, 2, 6, 16]);
  return error as FaMetalError;
}

const quiet = { logSeverityLevel: 4 } as const;

test.each<[string, unknown, string, string]>([
  ['an option that is not known', { casual: true }, 'UNSUPPORTED', 'options.casual'],
  ['external data', { externalData: ['weights.bin'] }, 'UNSUPPORTED', 'options.externalData'],
  [
    'a level that does not exist',
    { graphOptimizationLevel: 'most' },
    'INVALID_ARGUMENT',
    'options.graphOptimizationLevel',
  ],
  ['a mode that does not exist', { executionMode: 'both' }, 'INVALID_ARGUMENT', 'options.executionMode'],
  ['half a thread', { intraOpNumThreads: 0.5 }, 'INVALID_ARGUMENT', 'options.intraOpNumThreads'],
  ['threads in a bigint', { intraOpNumThreads: 2n }, 'INVALID_ARGUMENT', 'options.intraOpNumThreads'],
  ['a severity that does not exist', { logSeverityLevel: 5 }, 'INVALID_ARGUMENT', 'options.logSeverityLevel'],
  ['a word for a switch', { enableMemPattern: 'yes' }, 'INVALID_ARGUMENT', 'options.enableMemPattern'],
  ['results on a GPU', { preferredOutputLocation: 'gpu-buffer' }, 'UNSUPPORTED', 'options.preferredOutputLocation'],
  ['graph capture', { enableGraphCapture: true }, 'UNSUPPORTED', 'options.enableGraphCapture'],
  [
    'options of the provider',
    { executionProviders: [{ name: 'fa-metal', precision: 'low' }] },
    'UNSUPPORTED',
    'options.executionProviders',
  ],
  [
    'a size that is no number',
    { freeDimensionOverrides: { B: '1' } },
    'INVALID_ARGUMENT',
    'options.freeDimensionOverrides',
  ],
])('session options: %s', async (_, options, code, argument) => {
  const error = await refusalOf(() => ours(flash(), options as object));
  expect([error.code, error.argument]).toEqual([code, argument]);
});

test.each<[string, () => unknown, string, string]>([
  [
    'no file',
    () => ort.InferenceSession.create('no-such-model.onnx', { executionProviders: ['fa-metal'], ...quiet }),
    'INVALID_ARGUMENT',
    'model',
  ],
  [
    'bytes that are no model',
    () => ort.InferenceSession.create(new Uint8Array(100).fill(7), { executionProviders: ['fa-metal'], ...quiet }),
    'INVALID_ARGUMENT',
    'model',
  ],
  [
    'no bytes',
    () => ort.InferenceSession.create(new Uint8Array(0), { executionProviders: ['fa-metal'], ...quiet }),
    'INVALID_ARGUMENT',
    'model',
  ],
  [
    'a custom op without a required input',
    () => ours(flash({}, { q: operands['q']!, k: operands['k']! }), quiet),
    'INVALID_ARGUMENT',
    'model',
  ],
  ['an attribute that is not known', () => ours(flash({ casual: 'topLeft' }), quiet), 'INVALID_ARGUMENT', 'casual'],
  [
    'float64',
    () => ours(flash({}, { q: ['float64', shape], k: ['float64', shape], v: ['float64', shape] }), quiet),
    'DTYPE_MISMATCH',
    'q',
  ],
  ['an offset without causal', () => ours(flash({ causal_offset: 3 }), quiet), 'INVALID_ARGUMENT', 'causal'],
  ['causal offset without an offset', () => ours(flash({ causal: 'offset' }), quiet), 'INVALID_ARGUMENT', 'causal'],
])('models: %s', async (_, call, code, argument) => {
  const error = await refusalOf(call);
  expect([error.code, error.argument]).toEqual([code, argument]);
});

const short = { type: 'float32', dims: [1, 2, 6, 16], data: new Float32Array(10), location: 'cpu' };
const strings = () => new ort.Tensor('string', ['a'], [1]);

test.each<[string, (feeds: Record<string, unknown>) => void, string, string]>([
  [
    'a buffer shorter than its shape',
    (feeds) => {
      feeds['k'] = short;
    },
    'BUFFER_TOO_SHORT',
    'feeds.k',
  ],
  [
    'strings',
    (feeds) => {
      feeds['k'] = strings();
    },
    'UNSUPPORTED',
    'feeds.k',
  ],
  [
    'a number',
    (feeds) => {
      feeds['k'] = 7;
    },
    'UNSUPPORTED',
    'feeds.k',
  ],
  [
    'a type that does not exist',
    (feeds) => {
      feeds['k'] = { ...short, type: 'complex64' };
    },
    'UNSUPPORTED',
    'feeds.k',
  ],
  [
    'data that is no typed array',
    (feeds) => {
      feeds['k'] = { ...short, data: [1, 2] };
    },
    'INVALID_ARGUMENT',
    'feeds.k',
  ],
  [
    'sizes below 0',
    (feeds) => {
      feeds['k'] = { ...short, dims: [-1] };
    },
    'INVALID_ARGUMENT',
    'feeds.k',
  ],
  [
    'sizes beyond memory',
    (feeds) => {
      feeds['k'] = { ...short, dims: [2 ** 40, 2 ** 40] };
    },
    'SIZE_OVERFLOW',
    'feeds.k',
  ],
  [
    'another rank than the model has',
    (feeds) => {
      feeds['k'] = float32([2, 16], 1);
    },
    'INVALID_ARGUMENT',
    'feeds',
  ],
  [
    'another dtype than the model has',
    (feeds) => {
      feeds['k'] = bool([1, 2, 6, 16], () => true);
    },
    'INVALID_ARGUMENT',
    'feeds',
  ],
  [
    'an input that the model does not have',
    (feeds) => {
      feeds['extra'] = float32([1], 1);
    },
    'INVALID_ARGUMENT',
    'feeds',
  ],
])('feeds: %s', async (_, change, code, argument) => {
  const session = await ours(flash(), quiet);
  const given: Record<string, unknown> = feeds();
  change(given);
  const error = await refusalOf(() => session.run(given as never));
  expect([error.code, error.argument]).toEqual([code, argument]);
});

test('fetches: a tensor of another shape', async () => {
  const session = await ours(flash(), quiet);
  const error = await refusalOf(() => session.run(feeds(), { out: float32([1, 2, 6, 15], 1) }));
  expect([error.code, error.argument]).toEqual(['INVALID_ARGUMENT', 'fetches']);
});

test('run options: one that is not known, and termination', async () => {
  const session = await ours(flash(), quiet);
  const unknown = await refusalOf(() => session.run(feeds(), { casual: 1 } as object));
  expect([unknown.code, unknown.argument]).toEqual(['UNSUPPORTED', 'options.casual']);
  const terminate = await refusalOf(() => session.run(feeds(), { terminate: true }));
  expect([terminate.code, terminate.argument]).toEqual(['UNSUPPORTED', 'options.terminate']);
});

test("the host's own kernels fail as HOST_FAILED", async () => {
  const value: [ElementType, Shape] = ['float32', ['N']];
  const sizes: [ElementType, Shape] = ['int64', ['R']];
  const session = await ours(
    {
      inputs: { x: value, s: sizes },
      outputs: { y: 'float32' },
      nodes: [{ op: 'Reshape', inputs: ['x', 's'], outputs: ['y'] }],
    },
    quiet,
  );
  const error = await refusalOf(() => session.run({ x: float32([3], 1), s: new ort.Tensor('int64', [2n], [1]) }));
  expect(error.code).toBe('HOST_FAILED');
  expect(error.message).toContain('Reshape');
});

test('a short mask needs opset 24', async () => {
  const model: Model = {
    opset: 23,
    inputs: { ...operands, mask: ['bool', ['Q', 'K']] },
    outputs: { out: 'float32' },
    nodes: [{ op: 'Attention', inputs: ['q', 'k', 'v', 'mask'], outputs: ['out'] }],
  };
  const session = await ours(model, quiet);
  const error = await refusalOf(() => session.run({ ...feeds(), mask: bool([6, 4], () => true) }));
  expect([error.code, error.argument]).toEqual(['SHAPE_MISMATCH', 'mask']);
});

test('register() refuses what has no registry', async () => {
  const error = await refusalOf(() => register({} as never));
  expect([error.code, error.argument]).toEqual(['INVALID_ARGUMENT', 'ort']);
});

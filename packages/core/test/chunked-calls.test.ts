import { describe, expect, it } from 'vitest';
import {
  attentionChunked,
  attentionChunkedBackward,
  type ChunkedAttentionOptions,
  type KeyValueChunk,
  type KeyValueChunks,
  type KeyValueGradients,
  openDeviceSync,
  type Tensor,
} from '../src/index.js';
import { concatenate } from './chunked-adapter.js';
import { randomTensor } from './random-tensor.js';

// Values are judged by the conformance suite in attention-chunked.test.ts; these are the ways to call it.

const device = openDeviceSync({ backend: 'cpu' });
const q = randomTensor(1, [2, 4, 5, 8]);
const dOut = randomTensor(4, [2, 4, 5, 16]);
const lengths = [3, 1, 4];
const pieces: KeyValueChunk[] = lengths.map((length, index) => ({
  k: randomTensor(10 + index, [2, 2, length, 8]),
  v: randomTensor(20 + index, [2, 2, length, 16]),
}));
const whole = {
  k: concatenate(
    pieces.map(({ k }) => k),
    2,
  ),
  v: concatenate(
    pieces.map(({ v }) => v),
    2,
  ),
};

function* oneByOne(): Generator<KeyValueChunk> {
  yield* pieces;
}

async function* fromAfar(): AsyncGenerator<KeyValueChunk> {
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve));
    yield piece;
  }
}

const distance = (a: Tensor, b: Tensor): number => {
  expect(a.shape).toEqual(b.shape);
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (right[index] as number))), 0);
};

describe.each<[string, () => KeyValueChunks]>([
  ['an array', () => pieces],
  ['an iterable', oneByOne],
  ['an asynchronous iterable', fromAfar],
  ['one tensor, cut', () => ({ ...whole, chunkLength: 3 })],
  ['one tensor in one piece', () => ({ ...whole, chunkLength: 1000 })],
])('pieces from %s', (_, chunks) => {
  const options: ChunkedAttentionOptions = { causal: 'bottomRight', keyLength: 8 };

  it('are one call over all keys', async () => {
    const expected = device.attentionSync(q, whole.k, whole.v, { causal: 'bottomRight' });
    const { out, lse } = await attentionChunked(q, chunks(), options);
    expect(distance(out, expected.out)).toBeLessThan(1e-6);
    expect(distance(lse, expected.lse)).toBeLessThan(1e-6);
  });

  it('have gradients, kept or handed over one by one', async () => {
    const forward = device.attentionSync(q, whole.k, whole.v, { causal: 'bottomRight' });
    const expected = device.attentionBackwardSync({ q, ...whole, ...forward, dOut }, { causal: 'bottomRight' });
    const inputs = { q, out: forward.out, lse: forward.lse, dOut };
    const { dq, chunks: kept } = await attentionChunkedBackward({ ...inputs, chunks: chunks() }, options);
    expect(distance(dq, expected.dq)).toBeLessThan(2e-6);
    for (const name of ['dk', 'dv'] as const) {
      const joined = concatenate(
        kept.map((gradients) => gradients[name]),
        2,
      );
      expect(distance(joined, expected[name])).toBeLessThan(2e-6);
    }

    const seen: KeyValueGradients[] = [];
    const onChunk = async (gradients: KeyValueGradients, index: number) => {
      expect(index).toBe(seen.length);
      seen.push(gradients);
    };
    const streamed = await attentionChunkedBackward({ ...inputs, chunks: chunks(), onChunk }, options);
    expect(streamed).toEqual({ dq, chunks: [] });
    expect(seen).toEqual(kept);
  });
});

it('takes a call without keys', async () => {
  const none = { k: randomTensor(1, [2, 2, 0, 8]), v: randomTensor(1, [2, 2, 0, 16]), chunkLength: 4 };
  const { out, lse } = await device.attentionChunked(q, none);
  expect(new Set(out.data as Float32Array)).toEqual(new Set([0]));
  expect(new Set(lse.data as Float32Array)).toEqual(new Set([-Infinity]));
  const { dq, chunks } = await device.attentionChunkedBackward({ q, chunks: none, out, lse, dOut });
  expect(new Set(dq.data as Float32Array)).toEqual(new Set([0]));
  expect(chunks.map(({ dk }) => dk.shape)).toEqual([[2, 2, 0, 8]]);
});

it('an iterable need not tell how many keys there are where nothing counts from the last', async () => {
  const expected = device.attentionSync(q, whole.k, whole.v, { causal: { offset: 2 }, window: { left: 3, right: 0 } });
  const { out } = await device.attentionChunked(q, oneByOne(), {
    causal: { offset: 2 },
    window: { left: 3, right: 0 },
  });
  expect(distance(out, expected.out)).toBeLessThan(1e-6);
});

const int32 = (values: number[]): Tensor => ({ data: Int32Array.from(values), shape: [values.length], dtype: 'int32' });
const mask = (shape: number[]): Tensor => ({
  data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(1),
  shape,
  dtype: 'bool',
});

describe('refusals', () => {
  it.each<[string, string, KeyValueChunks, ChunkedAttentionOptions?]>([
    ['chunks', 'INVALID_ARGUMENT', []],
    ['chunks', 'INVALID_ARGUMENT', null as never],
    ['chunks', 'INVALID_ARGUMENT', [null] as never],
    ['chunkLength', 'INVALID_ARGUMENT', { ...whole, chunkLength: 0 }],
    ['chunkLength', 'INVALID_ARGUMENT', { ...whole } as never],
    ['v', 'SHAPE_MISMATCH', { ...whole, v: randomTensor(1, [2, 2, 7, 16]), chunkLength: 3 }],
    ['k', 'SHAPE_MISMATCH', [{ k: randomTensor(1, [2, 2, 8]), v: whole.v }]],
    ['k', 'SHAPE_MISMATCH', [...pieces, { k: randomTensor(1, [2, 1, 3, 8]), v: randomTensor(1, [2, 1, 3, 16]) }]],
    ['v', 'SHAPE_MISMATCH', [...pieces, { k: randomTensor(1, [2, 2, 3, 8]), v: randomTensor(1, [2, 2, 3, 8]) }]],
    ['k', 'SHAPE_MISMATCH', [{ k: randomTensor(1, [2, 2, 3, 9]), v: randomTensor(1, [2, 2, 3, 16]) }]],
    ['k', 'DTYPE_MISMATCH', [{ k: randomTensor(1, [2, 2, 3, 8], 'float16'), v: randomTensor(1, [2, 2, 3, 16]) }]],
    ['keyLength', 'INVALID_ARGUMENT', oneByOne(), { causal: 'bottomRight' }],
    ['keyLength', 'INVALID_ARGUMENT', oneByOne(), { window: { left: 2, right: 2 } }],
    ['keyLength', 'SHAPE_MISMATCH', oneByOne(), { causal: 'bottomRight', keyLength: 9 }],
    ['keyLength', 'SHAPE_MISMATCH', pieces, { keyLength: 9 }],
    ['keyLength', 'INVALID_ARGUMENT', pieces, { keyLength: 0.5 }],
    ['align', 'INVALID_ARGUMENT', pieces, { causal: 'topLeft', align: 'bottomRight' }],
    ['mask', 'SHAPE_MISMATCH', pieces, { mask: mask([1, 1, 5, 7]) }],
    ['mask', 'SHAPE_MISMATCH', oneByOne(), { mask: mask([1, 1, 5, 7]) }],
    ['kvLengths', 'INVALID_ARGUMENT', pieces, { kvLengths: int32([3, -1]) }],
    ['kvLengths', 'INVALID_ARGUMENT', pieces, { kvLengths: int32([3, 9]) }],
    ['kvLengths', 'SHAPE_MISMATCH', pieces, { kvLengths: int32([3]) }],
    ['dropout', 'UNSUPPORTED', pieces, { dropout: { rate: 0.1, seed: 1n } }],
    ['cuSeqlensQ', 'UNSUPPORTED', pieces, { cuSeqlensQ: int32([0, 5]), cuSeqlensK: int32([0, 8]) }],
    ['blockTable', 'UNSUPPORTED', pieces, { blockTable: int32([0]) }],
    ['casual', 'INVALID_ARGUMENT', pieces, { casual: 'topLeft' } as never],
  ])('%s with %s', async (argument, code, chunks, options) => {
    await expect(device.attentionChunked(q, chunks, options)).rejects.toMatchObject({ code, argument });
  });

  it.each([
    ['lse', 'INVALID_ARGUMENT', { lse: undefined }],
    ['needs', 'INVALID_ARGUMENT', { needs: null }],
    ['onChunk', 'INVALID_ARGUMENT', { onChunk: 1 }],
    ['softmaxStats', 'INVALID_ARGUMENT', { softmaxStats: dOut }],
    ['dOut', 'SHAPE_MISMATCH', { dOut: randomTensor(1, [2, 4, 5, 8]) }],
  ])('of the gradients: %s with %s', async (argument, code, wrong) => {
    const { out, lse } = await device.attentionChunked(q, pieces);
    const inputs = { q, chunks: pieces, out, lse, dOut, ...wrong };
    await expect(device.attentionChunkedBackward(inputs as never)).rejects.toMatchObject({ code, argument });
  });

  it('of the gradients: dtypes that differ, and one that is none of the op', async () => {
    const { out, lse } = await device.attentionChunked(q, pieces);
    const given = { out, lse, dOut };
    const half = randomTensor(1, [2, 4, 5, 8], 'float16');
    const mixed = device.attentionChunkedBackward({ ...given, q: half, chunks: pieces });
    await expect(mixed).rejects.toMatchObject({ code: 'DTYPE_MISMATCH', argument: 'out' });
    const indices = { data: new Int32Array(2 * 4 * 5 * 8), shape: [2, 4, 5, 8], dtype: 'int32' } as const;
    const wrong = device.attentionChunkedBackward({ ...given, q: indices, chunks: pieces });
    await expect(wrong).rejects.toMatchObject({ code: 'DTYPE_MISMATCH', argument: 'q' });
  });

  it('a closed device', async () => {
    const closed = openDeviceSync({ backend: 'cpu' });
    closed.close();
    await expect(closed.attentionChunked(q, pieces)).rejects.toMatchObject({ code: 'DEVICE_CLOSED' });
  });
});

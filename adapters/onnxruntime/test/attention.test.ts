import { fromFloat16, attention as reference, roundAll, toFloat16 } from '@fa-metal/reference';
import { describe, expect, test } from 'vitest';
import { assigned, bool, difference, float32, noise, ort, ours, stock } from './support/host.js';
import type { Attribute, ElementType, Model, Shape } from './support/model.js';

type Tensor = InstanceType<typeof ort.Tensor>;
type Feeds = Record<string, Tensor>;

interface Example {
  name: string;
  attributes?: Record<string, Attribute>;
  feeds: Feeds;
  opset?: number;
  /** ONNX Runtime's own kernel does not take this, or differs from the standard. */
  withoutStock?: string;
}

const mask = (...shape: number[]) => bool(shape, (index) => index % 3 !== 1);
const bias = (...shape: number[]) => float32(shape, 9);
const operands = (q: number[], k: number[], v: number[] = k): Feeds => ({
  Q: float32(q, 1),
  K: float32(k, 2),
  V: float32(v, 3),
});

const examples: Example[] = [
  { name: '4-D', feeds: operands([2, 3, 5, 16], [2, 3, 7, 16]) },
  { name: '4-D, grouped heads', feeds: operands([2, 6, 5, 16], [2, 2, 7, 16]) },
  { name: '4-D, one key/value head', feeds: operands([1, 4, 9, 32], [1, 1, 9, 32]) },
  { name: '4-D, wider values', feeds: operands([2, 3, 5, 16], [2, 3, 7, 16], [2, 3, 7, 24]) },
  { name: '4-D, causal', attributes: { is_causal: 1 }, feeds: operands([2, 3, 8, 16], [2, 3, 8, 16]) },
  {
    name: '4-D, causal, fewer queries than keys',
    attributes: { is_causal: 1 },
    feeds: operands([2, 3, 4, 16], [2, 3, 9, 16]),
  },
  {
    name: '4-D, causal, more queries than keys',
    attributes: { is_causal: 1 },
    feeds: operands([2, 3, 9, 16], [2, 3, 4, 16]),
  },
  { name: '4-D, scale', attributes: { scale: { float: 0.7 } }, feeds: operands([2, 3, 5, 16], [2, 3, 7, 16]) },
  { name: '4-D, softcap', attributes: { softcap: { float: 0.9 } }, feeds: operands([2, 3, 5, 16], [2, 3, 7, 16]) },
  {
    name: '4-D, softcap, before a float mask',
    attributes: { softcap: { float: 0.9 } },
    feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: bias(5, 7) },
  },
  {
    name: 'nonpad_kv_seqlen',
    opset: 24,
    feeds: { ...operands([3, 4, 5, 16], [3, 2, 9, 16]), N: lengths(9, 3, 0) },
  },
  {
    name: 'nonpad_kv_seqlen, causal to the last key',
    opset: 24,
    attributes: { is_causal: 1 },
    feeds: { ...operands([3, 4, 5, 16], [3, 2, 9, 16]), N: lengths(9, 5, 6) },
  },
  {
    name: 'nonpad_kv_seqlen, causal, with rows before the first key',
    opset: 24,
    attributes: { is_causal: 1 },
    feeds: { ...operands([3, 4, 5, 16], [3, 2, 9, 16]), N: lengths(2, 5, 0) },
    withoutStock: 'other rows where the first key comes later',
  },
  {
    name: 'nonpad_kv_seqlen and a mask',
    opset: 24,
    feeds: { ...operands([2, 4, 5, 16], [2, 2, 9, 16]), M: mask(5, 9), N: lengths(7, 4) },
  },
  { name: '3-D', attributes: { q_num_heads: 3, kv_num_heads: 3 }, feeds: operands([2, 5, 48], [2, 7, 48]) },
  {
    name: '3-D, grouped heads, wider values',
    attributes: { q_num_heads: 4, kv_num_heads: 2 },
    feeds: operands([2, 5, 64], [2, 7, 32], [2, 7, 48]),
  },
  {
    name: '3-D, causal',
    attributes: { q_num_heads: 3, kv_num_heads: 3, is_causal: 1 },
    feeds: operands([2, 8, 48], [2, 8, 48]),
  },
  { name: 'bool mask, 2-D', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(5, 7) } },
  { name: 'bool mask, 3-D', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(3, 5, 7) } },
  { name: 'bool mask, 4-D', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(2, 3, 5, 7) } },
  { name: 'bool mask, 4-D, one head', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(2, 1, 5, 7) } },
  {
    name: 'bool mask, one row for all queries',
    feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(2, 1, 1, 7) },
    withoutStock: 'refused',
  },
  {
    name: 'bool mask and causal',
    attributes: { is_causal: 1 },
    feeds: { ...operands([2, 3, 7, 16], [2, 3, 7, 16]), M: mask(7, 7) },
  },
  {
    name: 'bool mask, a row without keys',
    feeds: { ...operands([1, 2, 4, 16], [1, 2, 4, 16]), M: bool([4, 4], (index) => index >= 4) },
  },
  { name: 'float mask, 2-D', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: bias(5, 7) } },
  { name: 'float mask, 4-D', feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: bias(2, 3, 5, 7) } },
  {
    name: 'float mask, 3-D inputs',
    attributes: { q_num_heads: 3, kv_num_heads: 3 },
    feeds: { ...operands([2, 5, 48], [2, 7, 48]), M: bias(5, 7) },
  },
  { name: 'float mask of -Infinity', feeds: { ...operands([1, 2, 4, 16], [1, 2, 4, 16]), M: infinite([4, 4]) } },
  {
    name: 'float mask of the lowest number, a whole row of it',
    feeds: { ...operands([1, 2, 4, 16], [1, 2, 4, 16]), M: lowest([4, 4]) },
    withoutStock: 'takes such a row for masked',
  },
  {
    name: 'short bool mask',
    opset: 24,
    feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: mask(5, 4) },
    withoutStock: 'refused',
  },
  {
    name: 'short float mask',
    opset: 24,
    feeds: { ...operands([2, 3, 5, 16], [2, 3, 7, 16]), M: bias(5, 4) },
    withoutStock: 'refused',
  },
];

function lengths(...values: number[]): Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
}

function lowest(shape: number[]): Tensor {
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length: 16 }, (_, i) => (i < 6 ? -3.4028234663852886e38 : 0)),
    shape,
  );
}

function infinite(shape: number[]): Tensor {
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length: 16 }, (_, i) => (i < 4 || i % 3 === 0 ? Number.NEGATIVE_INFINITY : 0)),
    shape,
  );
}

/** Sizes stay unknown until the run, as exporters leave them; the rank and the heads' width are known. */
function symbolic(name: string, shape: readonly number[]): Shape {
  return shape.map((size, axis) => (axis === shape.length - 1 && name !== 'M' ? size : `${name}${axis}`));
}

/** Names by position; '' for optional inputs that are left out before a later one. */
function inputsOf({ M, N }: Feeds): string[] {
  const optional = N ? [M ? 'M' : '', '', '', 'N'] : M ? ['M'] : [];
  return ['Q', 'K', 'V', ...optional];
}

function attentionModel({ attributes = {}, feeds }: Example, opset: number): Model {
  const names = Object.keys(feeds);
  const entries = names.map((name) => [name, [feeds[name]!.type as ElementType, symbolic(name, feeds[name]!.dims)]]);
  return {
    opset,
    inputs: Object.fromEntries(entries),
    outputs: { Y: 'float32' },
    nodes: [{ op: 'Attention', inputs: inputsOf(feeds), outputs: ['Y'], attributes }],
  };
}

/** What the contract says, from ONNX's own words. */
function truth({ attributes = {}, feeds }: Example): ArrayLike<number> {
  const { Q, K, V, M, N } = feeds as Record<'Q' | 'K' | 'V' | 'M' | 'N', Tensor>;
  const split = (tensor: Tensor, heads: unknown) => {
    const [batch, length, width] = tensor.dims as [number, number, number];
    const shape = tensor.dims.length === 4 ? tensor.dims : [batch, length, Number(heads), width / Number(heads)];
    return { data: tensor.data as Float32Array, shape };
  };
  const keys = M && M.dims.at(-1)! < K.dims.at(-2)! ? M.dims.at(-1) : undefined;
  const rank4 = M && { data: M.data as Float32Array, shape: [1, 1, 1, ...M.dims].slice(-4) };
  const { scale, softcap, is_causal: causal, q_num_heads: heads, kv_num_heads: kvHeads } = attributes;
  const { out } = reference({
    q: split(Q, heads),
    k: cut(split(K, kvHeads), keys),
    v: cut(split(V, kvHeads), keys),
    options: {
      layout: Q.dims.length === 3 ? 'blhd' : 'bhld',
      causal: causal ? (N ? 'bottomRight' : 'topLeft') : 'none',
      ...(N && { kvLengths: { data: Int32Array.from(N.data as BigInt64Array, Number), shape: N.dims } }),
      ...(softcap !== undefined && { softcap: (softcap as { float: number }).float }),
      ...(scale !== undefined && { scale: (scale as { float: number }).float }),
      ...(rank4 && (M.type === 'bool' ? { mask: rank4 } : { bias: rank4 })),
    },
  });
  return out.data;
}

/** The first `keys` rows of a [B, H, L, D] tensor, by strides. */
function cut(tensor: { data: Float32Array; shape: readonly number[] }, keys: number | undefined) {
  if (keys === undefined) return tensor;
  const [batch, heads, length, width] = tensor.shape as [number, number, number, number];
  return {
    data: tensor.data,
    shape: [batch, heads, keys, width],
    strides: [heads * length * width, length * width, width, 1],
  };
}

describe.each([23, 24])('Attention of opset %i', (opset) => {
  test.each(examples.filter((example) => (example.opset ?? 23) <= opset))('$name', async (example) => {
    const model = attentionModel(example, opset);
    const session = await ours(model);
    expect(assigned(session)).toEqual({ here: ['Attention'], elsewhere: {} });
    const { Y } = await session.run(example.feeds);
    expect(difference(Y!.data as Float32Array, truth(example))).toBeLessThan(2e-6);
    if (example.withoutStock) return;
    const { Y: theirs } = await (await stock(model)).run(example.feeds);
    expect(Y!.dims).toEqual(theirs!.dims);
    expect(difference(Y!.data as Float32Array, theirs!.data as Float32Array)).toBeLessThan(2e-6);
  });
});

const half: [ElementType, Shape] = ['float32', ['B', 3, 'L', 16]];

/** float32 in and out, since JavaScript has no bfloat16: casts around the node. */
function castModel(type: 'float16' | 'bfloat16', code: number): Model {
  return {
    inputs: { Q: half, K: half, V: half },
    outputs: { Y: 'float32' },
    nodes: [
      ...['Q', 'K', 'V'].map((name) => ({
        op: 'Cast',
        inputs: [name],
        outputs: [`${name}-${type}`],
        attributes: { to: code },
      })),
      {
        op: 'Attention',
        inputs: ['Q', 'K', 'V'].map((name) => `${name}-${type}`),
        outputs: ['A'],
        attributes: { is_causal: 1 },
      },
      { op: 'Cast', inputs: ['A'], outputs: ['Y'], attributes: { to: 1 } },
    ],
  };
}

test.each([
  ['float16', 10, 2 ** -10],
  ['bfloat16', 16, 2 ** -7],
] as const)('%s', async (type, code, step) => {
  const session = await ours(castModel(type, code));
  expect(assigned(session).here).toEqual(['Attention']);
  const feeds = operands([2, 3, 9, 16], [2, 3, 9, 16]);
  const { Y } = await session.run(feeds);
  const rounded = (name: string) => ({ data: roundAll(type, feeds[name]!.data as Float32Array), shape: [2, 3, 9, 16] });
  const { out } = reference({ q: rounded('Q'), k: rounded('K'), v: rounded('V'), options: { causal: 'topLeft' } });
  expect(difference(Y!.data as Float32Array, out.data)).toBeLessThan(step);
});

test('float16 tensors in and out as 16-bit patterns', async () => {
  const value: [ElementType, Shape] = ['float16', ['B', 2, 'L', 8]];
  const model: Model = {
    inputs: { Q: value, K: value, V: value },
    outputs: { Y: 'float16' },
    nodes: [{ op: 'Attention', inputs: ['Q', 'K', 'V'], outputs: ['Y'] }],
  };
  const bits = toFloat16(noise(2 * 2 * 6 * 8, 4));
  const tensor = new ort.Tensor('float16', bits, [2, 2, 6, 8]);
  const { Y } = await (await ours(model)).run({ Q: tensor, K: tensor, V: tensor });
  const { Y: theirs } = await (await stock(model)).run({ Q: tensor, K: tensor, V: tensor });
  expect(Y!.type).toBe('float16');
  const numbers = fromFloat16(Y!.data as unknown as Uint16Array);
  expect(Math.max(...numbers)).toBeGreaterThan(0.1);
  expect(difference(numbers, fromFloat16(theirs!.data as unknown as Uint16Array))).toBeLessThan(2 ** -9);
});

import type { Tensor } from '@fa-metal/core';
import type { InferenceSession, Tensor as OnnxTensor, TensorConstructor } from 'onnxruntime-node';
import type { Model, Shape } from '../../../adapters/onnxruntime/test/support/model.js';
import type { Problem } from '../../report/schema.js';
import type { Call } from '../call.js';

export type OperatorName = 'Attention' | 'MultiHeadAttention' | 'GroupQueryAttention';

/** A model of one attention node, and what a run of it takes. */
export interface Graph {
  readonly model: Model;
  readonly feeds: Record<string, OnnxTensor>;
  readonly fetches: InferenceSession.FetchesType;
  /** The first output's values in [B, H, L, D]. */
  readOutput(values: Float32Array): Float32Array;
}

/** The problem as one node of this operator. */
export function graphOf(operator: OperatorName, call: Call, make: TensorConstructor): Graph {
  return { Attention: attention, MultiHeadAttention: multiHead, GroupQueryAttention: groupQuery }[operator](call, make);
}

function attention({ problem, q, k, v }: Call, make: TensorConstructor): Graph {
  const feeds = { Q: tensorOf(make, q), K: tensorOf(make, k), V: tensorOf(make, v) };
  const node = {
    op: 'Attention',
    inputs: ['Q', 'K', 'V'],
    outputs: ['Y'],
    attributes: { is_causal: isCausal(problem) },
  };
  return { model: modelOf(feeds, node), feeds, fetches: ['Y'], readOutput: (values) => values };
}

function multiHead({ problem, q, k, v }: Call, make: TensorConstructor): Graph {
  const { heads } = problem;
  const feeds = { query: merged(make, q), key: merged(make, k), value: merged(make, v) };
  const node = {
    op: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: Object.keys(feeds),
    outputs: ['Y'],
    attributes: { num_heads: heads, unidirectional: isCausal(problem) },
  };
  return { model: modelOf(feeds, node), feeds, fetches: ['Y'], readOutput: (values) => separated(values, problem) };
}

/** Rows that are new are in key and value; those before them are in the cache, which past and present share. */
function groupQuery({ problem, q, k, v }: Call, make: TensorConstructor): Graph {
  const { batch, heads, kvHeads = heads, queries, keys, headDim } = problem;
  const newest = (x: Tensor) => merged(make, lastRows(x, queries));
  const caches = queries === keys ? {} : { past_key: tensorOf(make, k), past_value: tensorOf(make, v) };
  const feeds: Record<string, OnnxTensor> = {
    query: merged(make, q),
    key: newest(k),
    value: newest(v),
    ...caches,
    seqlens_k: new make(
      'int32',
      Int32Array.from({ length: batch }, () => keys - 1),
      [batch],
    ),
    total_sequence_length: new make('int32', Int32Array.of(keys), []),
  };
  const inputs = ['query', 'key', 'value', 'past_key', 'past_value', 'seqlens_k', 'total_sequence_length'];
  const cacheShape = [batch, kvHeads, keys, headDim];
  const present = (past: OnnxTensor | undefined) =>
    past ?? new make('float32', new Float32Array(cacheShape.reduce((a, b) => a * b)), cacheShape);
  const node = {
    op: 'GroupQueryAttention',
    domain: 'com.microsoft',
    inputs: inputs.map((name) => (name in feeds ? name : '')),
    outputs: ['Y', 'present_key', 'present_value'],
    attributes: { num_heads: heads, kv_num_heads: kvHeads, causal: Number(problem.causal) },
  };
  return {
    model: modelOf(feeds, node),
    feeds,
    fetches: { Y: null, present_key: present(feeds['past_key']), present_value: present(feeds['past_value']) },
    readOutput: (values) => separated(values, problem),
  };
}

function modelOf(feeds: Readonly<Record<string, OnnxTensor>>, node: Model['nodes'][number]): Model {
  const inputs = Object.entries(feeds).map(([name, { type, dims }]) => [name, [type, dims as Shape]]);
  return {
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(node.outputs.map((name) => [name, 'float32'])),
    nodes: [node],
  };
}

/** One row of queries sees all keys, whether causal or not; ONNX would let it see the first only. */
function isCausal({ causal, queries }: Problem): number {
  return Number(causal && queries > 1);
}

function tensorOf(make: TensorConstructor, { data, shape }: Tensor): OnnxTensor {
  return new make('float32', data as Float32Array, shape);
}

/** [B, H, L, D] as [B, L, H * D]. */
function merged(make: TensorConstructor, { data, shape }: Tensor): OnnxTensor {
  const [batch, heads, rows, width] = shape as [number, number, number, number];
  return new make('float32', swapped(data as Float32Array, [batch, heads, rows, width]), [batch, rows, heads * width]);
}

/** The way back for the output. */
function separated(values: Float32Array, { batch, heads, queries, headDim }: Problem): Float32Array {
  return swapped(values, [batch, queries, heads, headDim]);
}

/** [A, B, C, D] as [A, C, B, D]. */
function swapped(values: Float32Array, [a, b, c, d]: readonly [number, number, number, number]): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) {
        const from = ((i * b + j) * c + k) * d;
        result.set(values.subarray(from, from + d), ((i * c + k) * b + j) * d);
      }
  return result;
}

function lastRows({ data, shape, dtype }: Tensor, count: number): Tensor {
  const [batch, heads, rows, width] = shape as [number, number, number, number];
  if (count === rows) return { data, shape, dtype };
  const values = data as Float32Array;
  const result = new Float32Array(batch * heads * count * width);
  for (let head = 0; head < batch * heads; head++)
    result.set(values.subarray(((head + 1) * rows - count) * width, (head + 1) * rows * width), head * count * width);
  return { data: result, shape: [batch, heads, count, width], dtype };
}

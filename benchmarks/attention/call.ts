import type { AttentionOptions, NeededGradients, Tensor } from '@fa-metal/core';
import type { Problem } from '../report/schema.js';
import { integers, maskTensor, normalTensor, quantisedTensor, rotations, scaled } from './tensors.js';

/** A problem with its numbers, as @fa-metal/core takes it. Every contestant gets these tensors. */
export interface Call {
  readonly problem: Problem;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly dOut: Tensor;
  readonly options: AttentionOptions;
  readonly needs: NeededGradients;
}

/** Makes the tensors and options of a problem. The same problem gives the same bits in every process. */
export function makeCall(problem: Problem): Call {
  const { batch, heads, queries, headDim, dtype, options: { lengths, peak, bias } = {} } = problem;
  const queryShape = lengths ? [queries, heads, headDim] : [batch, heads, queries, headDim];
  const q = normalTensor('q', queryShape, dtype);
  const { k, v, options } = makeCache(problem);
  return {
    problem,
    q: peak === undefined ? q : scaled(q, peak),
    k,
    v,
    dOut: normalTensor('dOut', queryShape, dtype),
    options: { ...makeOptions(problem), ...options },
    needs: bias === 'constant' ? { bias: false } : {},
  };
}

/** Keys and values where the problem wants them: in rows, packed, in pages, in eight bits. */
function makeCache(problem: Problem): { k: Tensor; v: Tensor; options: AttentionOptions } {
  const { batch, heads, kvHeads = heads, keys, headDim, dtype, options: { lengths, int8, page } = {} } = problem;
  const pages = page === undefined ? 0 : Math.ceil(keys / page);
  const rows = page === undefined ? [batch, kvHeads, keys, headDim] : [batch * pages, page, kvHeads, headDim];
  const shape = lengths ? [keys, kvHeads, headDim] : rows;
  const options = page === undefined ? {} : pageOptions(batch, pages, keys);
  if (!int8) return { k: normalTensor('k', shape, dtype), v: normalTensor('v', shape, dtype), options };
  const [k, v] = [quantisedTensor('k', shape), quantisedTensor('v', shape)];
  return { k: k.values, v: v.values, options: { ...options, kScale: k.scale, vScale: v.scale } };
}

/** Pages lie far from each other: the sequences take turns, the last page first. */
function pageOptions(batch: number, pages: number, keys: number): AttentionOptions {
  const table = Array.from({ length: batch * pages }, (_, index) => {
    const [sequence, page] = [Math.floor(index / pages), index % pages];
    return (pages - 1 - page) * batch + sequence;
  });
  const lengths = Array.from({ length: batch }, () => keys);
  return { blockTable: integers(table, [batch, pages]), kvLengths: integers(lengths) };
}

function makeOptions({ batch, heads, queries, keys, headDim, causal, options = {} }: Problem): AttentionOptions {
  const { window, softcap, dropout } = options;
  let total = 0;
  const ends = options.lengths?.map((length) => (total += length));
  return {
    causal: causal ? 'bottomRight' : 'none',
    ...(window !== undefined && { window: { left: window, right: causal ? 0 : window } }),
    ...(options.mask && { mask: maskTensor('mask', [batch, 1, queries, keys]) }),
    ...(options.bias && { bias: normalTensor('bias', [1, heads, queries, keys], 'float32') }),
    ...(options.alibi && { alibiSlopes: slopes(heads) }),
    ...(softcap !== undefined && { softcap }),
    ...(options.sinks && { sinks: normalTensor('sinks', [heads], 'float32') }),
    ...(dropout !== undefined && { dropout: { rate: dropout, seed: 42n } }),
    ...(options.rope && { rope: { ...rotations(Math.max(queries, keys), headDim), style: 'half' as const } }),
    ...(ends && { cuSeqlensQ: integers([0, ...ends]), cuSeqlensK: integers([0, ...ends]) }),
  };
}

/** ALiBi's own slopes: a geometric series that ends at 2^-8. */
function slopes(heads: number): Tensor {
  const data = Float32Array.from({ length: heads }, (_, head) => 2 ** ((-8 * (head + 1)) / heads));
  return { data, shape: [heads], dtype: 'float32' };
}

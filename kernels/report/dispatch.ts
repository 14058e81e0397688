import { binding, constantId, constantNames, structBytes, unbounded } from './fa-headers.js';
import { optionDispatch } from './option-dispatch.js';
import { randomElements, repeated } from './tensor-data.js';
import { elementBytes, groupRows, type Variant } from './variants.js';

/** A call with contiguous [B, H, L, D] tensors, D and Dv those of the variant. */
export interface Shape {
  batch: number;
  queryHeads: number;
  kvHeads: number;
  queryLength: number;
  keyLength: number;
  causal: boolean;
  splits: number;
}

/** What one dispatch of a variant gets. */
export interface Dispatch {
  threadgroups: number;
  threads: number;
  constants: ReadonlyMap<number, string>;
  buffers: ReadonlyMap<number, Uint8Array>;
  bytes: ReadonlyMap<number, Uint8Array>;
}

type Constants = Record<string, string>;

/** Whole fragments and no option. */
const plain: Constants = {
  ...Object.fromEntries(constantNames.map((name) => [name, 'bool:false'])),
  kBiasType: 'int:0',
  kAligned: 'bool:true',
  kWritesLse: 'bool:true',
  kSplitsKeys: 'bool:true',
};

const byIndex = (constants: Constants): ReadonlyMap<number, string> =>
  new Map(Object.entries({ ...plain, ...constants }).map(([name, value]) => [constantId(name), value]));

/** The usual call: whole fragments, no mask, no bias. */
export const plainConstants = (change: Constants = {}): ReadonlyMap<number, string> => byIndex(change);

/** The call that needs most: every option at once, rows of any length. */
export const fullConstants: ReadonlyMap<number, string> = byIndex({
  ...Object.fromEntries(constantNames.map((name) => [name, 'bool:true'])),
  kBiasType: 'int:0',
  kAligned: 'bool:false',
});

/** How many threadgroups the plan of native/runtime/metal makes of a call. */
export function taskCount(variant: Variant, shape: Shape): number {
  const { batch, queryHeads, kvHeads, queryLength, keyLength, splits } = shape;
  const packed = (queryHeads / kvHeads) * queryLength;
  const perGroup = (length: number) => Math.ceil(length / groupRows(variant));
  switch (variant.kernel) {
    case 'dkv':
      return batch * kvHeads * perGroup(keyLength);
    case 'shortDkv':
      return batch * kvHeads * Math.ceil(keyLength / (variant.block * variant.simdgroups));
    case 'decode':
      return batch * kvHeads * splits * Math.ceil(packed / variant.rows);
    case 'shortDq':
      return batch * kvHeads * Math.ceil(packed / variant.rows);
    case 'decodeReduce':
      return Math.ceil((batch * queryHeads * queryLength) / variant.simdgroups);
    default:
      return batch * queryHeads * perGroup(queryLength);
  }
}

/** A dispatch with random tensors. Which of the arguments the variant's kernel has is its own affair. */
export function dispatchOf(variant: Variant, shape: Shape, constants = plainConstants()): Dispatch {
  const option = optionDispatch(variant, shape);
  const own = Object.entries(option?.constants ?? {}).map(([name, value]) => [constantId(name), value] as const);
  return {
    threadgroups: option?.threadgroups ?? taskCount(variant, shape),
    threads: variant.threads,
    constants: new Map([...constants, ...own]),
    buffers: new Map([...tensors(variant, shape), ...(option?.buffers ?? [])]),
    bytes: new Map([...parameters(variant, shape), ...(option?.bytes ?? [])]),
  };
}

function tensors(variant: Variant, shape: Shape): ReadonlyMap<number, Uint8Array> {
  const { batch, queryHeads, kvHeads, queryLength, keyLength, splits } = shape;
  const { width, valueWidth, dtype } = variant;
  const queries = batch * queryHeads * queryLength;
  const keys = batch * kvHeads * keyLength;
  const scores = queries * Math.ceil(keyLength / 8) * 8;
  const zeros = (count: number) => new Uint8Array(count * elementBytes(variant));
  const random = (count: number, seed: number) => randomElements(dtype, count, seed);
  const rowTerms = [repeated(0, queries), repeated(1 / keyLength, queries), repeated(0, queries)];
  const named: Record<string, Uint8Array> = {
    kQ: random(queries * width, 1),
    kK: random(keys * width, 2),
    kV: random(keys * valueWidth, 3),
    kOut: random(queries * valueWidth, 4),
    kLse: repeated(Math.log(keyLength), queries),
    kDOut: random(queries * valueWidth, 5),
    kRowTerms: Buffer.concat(rowTerms),
    kDq: zeros(queries * width),
    kDk: zeros(keys * width),
    kDv: zeros(keys * valueWidth),
    kDScores: random(scores, 6),
    kPartialOut: repeated(0, splits * queries * valueWidth),
    kPartialStats: repeated(1, splits * 2 * queries),
  };
  return new Map(Object.entries(named).map(([name, data]) => [binding(name), data]));
}

function parameters(variant: Variant, shape: Shape): ReadonlyMap<number, Uint8Array> {
  const { batch, queryHeads, kvHeads, queryLength, keyLength, causal, splits } = shape;
  const { width, valueWidth } = variant;
  const strides = (heads: number, length: number, dim: number) => ({
    batch: heads * length * dim,
    head: length * dim,
    row: dim,
  });
  const [query, key] = [strides(queryHeads, queryLength, width), strides(kvHeads, keyLength, width)];
  const [out, value] = [strides(queryHeads, queryLength, valueWidth), strides(kvHeads, keyLength, valueWidth)];
  const absent = { batch: 0, head: 0, row: 0 };
  const scale = 1 / Math.sqrt(width);
  const attention = structBytes('AttentionParams', {
    ...{ q: query, k: key, v: value, out, mask: absent, bias: absent, alibi_batch: 0 },
    ...{ row_batch: queryHeads * queryLength, row_head: queryLength, offset: keyLength - queryLength },
    band: { lo: -unbounded, hi: causal ? keyLength - queryLength : unbounded, keys: keyLength },
    ...{ batch, query_heads: queryHeads, kv_heads: kvHeads, query_length: queryLength, key_length: keyLength },
    ...{ head_dim: width, value_dim: valueWidth, scale, scale_log2: scale * Math.LOG2E, first_task: 0 },
    ...{ cap_scale: 0, cap_log2: 0, dropout: { seed_low: 0, seed_high: 0, threshold: 0, keep_factor: 1 } },
  });
  const gradient = structBytes('GradientParams', {
    ...{ d_out: out, dq: query, dk: key, dv: value, first_head: 0, heads: batch * queryHeads },
  });
  const split = structBytes('SplitParams', {
    splits,
    keys_per_split: variant.block * Math.ceil(Math.ceil(keyLength / variant.block) / splits),
  });
  return new Map([
    [binding('kParams'), attention],
    [binding('kGradientParams'), gradient],
    [binding('kSplitParams'), split],
  ]);
}

import type { CaseParameters } from '@fa-metal/conformance';
import fc from 'fast-check';

const broadcast = fc.constantFrom('111', '11Q', '1H1', '1HQ', 'B11', 'B1Q', 'BH1', 'BHQ');
const diagonal = fc.oneof(fc.constantFrom('topLeft', 'bottomRight'), fc.integer({ min: -40, max: 40 }));
const side = fc.integer({ min: -1, max: 40 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

/** What decides which kernels run, and how they are compiled. */
export const kernelParts = fc.record({
  storage: fc.constantFrom('dense', 'dense', 'dense', 'varlen', 'varlen', 'paged', 'int8', 'pagedInt8'),
  gradients: fc.boolean(),
  D: fc.integer({ min: 1, max: 44 }),
  Dv: maybe(fc.integer({ min: 1, max: 44 })),
  dtype: fc.constantFrom('float32', 'float32', 'float16', 'bfloat16'),
  view: fc.constantFrom('packed', 'packed', 'capacity', 'gaps', 'offset'),
  mask: maybe(broadcast),
  bias: maybe(broadcast),
  biasDtype: fc.constantFrom('float32', 'float16', 'bfloat16'),
  biasGradient: fc.boolean(),
  alibi: maybe(fc.constantFrom('H', 'BH')),
  softcap: maybe(fc.constantFrom(0.5, 2, 30, 1000)),
  sinks: fc.boolean(),
  dropout: maybe(fc.constantFrom(0, 0.1, 0.5, 0.9)),
  kvLengths: maybe(fc.constantFrom('random', 'edges')),
  rope: maybe(fc.constantFrom('half', 'interleaved')),
  rotary: fc.nat(22),
  int8: fc.constantFrom(true, 'k', 'v'),
  dLse: fc.boolean(),
  shared: fc.boolean(),
});

/** What they run on. */
export const callParts = (largest: { queries: number; keys: number; batch: number }) =>
  fc.record({
    B: fc.integer({ min: 1, max: largest.batch }),
    heads: fc.constantFrom([1, 1], [2, 1], [4, 2], [3, 3], [6, 2], [5, 1]),
    Lq: fc.integer({ min: 1, max: largest.queries }),
    Lk: fc.integer({ min: 0, max: largest.keys }),
    sequences: fc.array(fc.tuple(fc.nat(largest.queries / 2), fc.nat(largest.keys / 2)), {
      minLength: 1,
      maxLength: 4,
    }),
    pageSize: fc.constantFrom(1, 3, 4, 16),
    layout: fc.constantFrom('bhld', 'blhd'),
    causal: maybe(diagonal),
    align: maybe(diagonal),
    left: maybe(side),
    right: maybe(side),
    scale: maybe(fc.constantFrom(0, 0.125, 1, -0.5)),
    positions: fc.boolean(),
    maskKind: fc.constantFrom('random', 'deadRows', 'drop', 'padding', 'keep'),
    biasKind: fc.constantFrom('normal', 'normal', 'negInf', 'deadRows', 'minus1e4'),
    values: fc.constantFrom('normal', 'normal', 'normal', 'peaked', 'ascending', 'outlierV', 'tiny'),
  });

type KernelParts = typeof kernelParts extends fc.Arbitrary<infer T> ? T : never;
type CallParts = ReturnType<typeof callParts> extends fc.Arbitrary<infer T> ? T : never;

/** Any legal call with these parts: what the contract does not have together is left out. */
export function problemOf(kernel: KernelParts, call: CallParts): CaseParameters {
  const { storage } = kernel;
  const paged = storage === 'paged' || storage === 'pagedInt8';
  const int8 = storage === 'int8' || storage === 'pagedInt8';
  const [Hq, Hkv] = call.heads as [number, number];
  const gradients = kernel.gradients && !paged && !int8;
  const kvLengths = paged ? (kernel.kvLengths ?? 'random') : kernel.kvLengths;
  const sizes =
    storage === 'varlen'
      ? { varlen: call.sequences.map(([queries, keys]) => `${queries}-${keys}`).join('+') }
      : { B: call.B, Lq: call.Lq, Lk: paged ? Math.max(call.Lk, 1) : call.Lk };
  const widths = widthsOf(kernel, int8);
  const parameters = {
    ...sizes,
    ...widths,
    Hq,
    Hkv,
    dtype: kernel.dtype,
    layout: call.layout,
    view: kernel.view,
    values: call.values,
    gradients,
    ...scoreParts(kernel, call),
    ...(kernel.sinks && { sinks: true }),
    ...(kernel.dLse && gradients && { dLse: true }),
    ...(kvLengths !== undefined && { kvLengths }),
    ...(paged && { pageSize: call.pageSize }),
    ...(int8 && { int8: kernel.int8 }),
    ...rotation(kernel, call, widths.D, kvLengths !== undefined),
  };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as CaseParameters;
}

/** A v that is part of k has no columns of its own, and no dtype. */
function widthsOf({ D, Dv, shared, int8: which }: KernelParts, int8: boolean): CaseParameters & { D: number } {
  if (!shared || (int8 && which !== true)) return { D, ...(Dv !== undefined && { Dv }) };
  return { D: Math.max(D, Dv ?? D), Dv: Math.min(D, Dv ?? D), shared: true };
}

function scoreParts(kernel: KernelParts, call: CallParts): Record<string, unknown> {
  const { mask, bias, biasDtype, biasGradient, alibi, softcap, dropout } = kernel;
  const { causal, align, left, right, scale, maskKind, biasKind } = call;
  return {
    causal,
    // Beside a causal diagonal it may only say the same.
    align: causal === undefined ? align : undefined,
    left,
    right,
    scale,
    softcap,
    alibi,
    dropout,
    ...(mask !== undefined && { mask, maskKind }),
    ...(bias !== undefined && { bias, biasKind, biasDtype, ...(!biasGradient && { biasGradient }) }),
  };
}

/** Positions of their own where the default ones might be negative. */
function rotation({ rope, rotary }: KernelParts, call: CallParts, width: number, lengths: boolean): CaseParameters {
  if (rope === undefined || width < 2) return {};
  const pairs = Math.max(1, Math.min(rotary, Math.floor(width / 2)));
  const negative = lengths || call.Lq > call.Lk || call.sequences.some(([queries, keys]) => queries > keys);
  return { rope, rotary: 2 * pairs, ...((negative || call.positions) && { positions: true }) };
}

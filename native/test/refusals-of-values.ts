import type { NativeForwardCall } from '../../packages/core/src/native.js';
import { integers, random, smallSizes, zeros } from './addon.js';
import { options, packed, paged, table } from './refusal-table.js';

const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = smallSizes;

export const valueRefusals = table<NativeForwardCall>('INVALID_ARGUMENT', [
  ['scale', 'NaN', options({ scale: Number.NaN })],
  ['scale', 'beyond float32', options({ scale: 1e300 })],
  ['scale', 'beyond float32 in log2 units', options({ scale: -2.5e38 })],
  ['softcap', 'zero', options({ softcap: 0 })],
  ['softcap', 'negative', options({ softcap: -1 })],
  ['softcap', 'infinite', options({ softcap: Number.POSITIVE_INFINITY })],
  ['dropout', 'a rate of 1', options({ dropout: { rate: 1, seed: 0n } })],
  ['dropout', 'a negative rate', options({ dropout: { rate: -0.1, seed: 0n } })],
  ['dropout', 'a NaN rate', options({ dropout: { rate: Number.NaN, seed: 0n } })],
  ['window', 'left of -2', options({ window: { left: -2, right: 0 } })],
  ['window', 'right of -2', options({ window: { left: 0, right: -2 } })],
  ['align', 'disagrees with causal', options({ causal: 'topLeft', align: 'bottomRight' })],
  ['align', 'another offset', options({ causal: { offset: 1 }, align: { offset: 2 } })],
  ['kernel', 'unknown', options({ kernel: 'cpu-flash-sideways' })],
  ['q', 'an innermost stride of 2', (call) => (call.q = { ...call.q, strides: [96, 24, 8, 2] })],
  ['k', 'a negative stride', (call) => (call.k = { ...call.k, strides: [80, 40, -8, 1] })],
  ['k', 'a stride of -1', (call) => (call.k = { ...call.k, strides: [80, 40, -1, 1] })],
  ['v', 'too few strides', (call) => (call.v = { ...call.v, strides: [6, 1] })],
  ['out', 'rows that overlap', (call) => (call.out = { ...call.out, strides: [72, 18, 5, 1] })],
  ['out', 'a stride of 0', (call) => (call.out = { ...call.out, strides: [72, 0, 6, 1] })],
  ['lse', 'gaps', (call) => (call.lse = { ...zeros([B * Hq * Lq * 2]), shape: [B, Hq, Lq], strides: [24, 6, 1] })],
  ['q', 'a negative size', (call) => (call.q = { ...call.q, shape: [B, Hq, -1, D] })],
  ['q', 'misaligned memory', (call) => (call.q = { ...call.q, data: new Uint8Array(new ArrayBuffer(2000), 1) })],
  ['kvLengths', 'above Lk', options({ kvLengths: integers([1, Lk + 1], [B]) })],
  ['kvLengths', 'negative', options({ kvLengths: integers([1, -1], [B]) })],
  ['kvLengths', 'missing beside blockTable', paged((call) => delete call.options.kvLengths)],
  ['blockTable', 'a page past the end', paged((call) => (call.options.blockTable = integers([0, 4, 0, 0], [2, 2])))],
  ['blockTable', 'a negative page', paged((call) => (call.options.blockTable = integers([-1, 0, 0, 0], [2, 2])))],
  ['cuSeqlensQ', 'missing', packed((call) => delete call.options.cuSeqlensQ)],
  ['cuSeqlensK', 'missing', packed((call) => delete call.options.cuSeqlensK)],
  ['cuSeqlensQ', 'decreasing', packed((call) => (call.options.cuSeqlensQ = integers([0, 4, 3], [3])))],
  ['cuSeqlensQ', 'does not begin with 0', packed((call) => (call.options.cuSeqlensQ = integers([1, 2, 3], [3])))],
  ['cuSeqlensK', 'does not end at the total', packed((call) => (call.options.cuSeqlensK = integers([0, 2, 4], [3])))],
  [
    'rope',
    'no positions for Lq > Lk',
    (call) => {
      Object.assign(call, { k: random([B, Hkv, 1, D], 1), v: random([B, Hkv, 1, Dv], 1) });
      call.options.rope = { cos: zeros([9, 2]), sin: zeros([9, 2]), style: 'half' };
    },
  ],
  [
    'rope',
    'a position past the table',
    options({
      rope: {
        cos: zeros([5, 2]),
        sin: zeros([5, 2]),
        style: 'half',
        positionsQ: integers([0, 1, 2, 3, 4, 5], [B, Lq]),
      },
    }),
  ],
]);

export const unsupportedRefusals = table<NativeForwardCall>('UNSUPPORTED', [
  [
    'q',
    'D above the limit',
    (call) => Object.assign(call, { q: random([B, Hq, Lq, 577], 1), k: random([B, Hkv, Lk, 577], 1) }),
  ],
  [
    'v',
    'Dv above the limit',
    (call) => Object.assign(call, { v: random([B, Hkv, Lk, 577], 1), out: zeros([B, Hq, Lq, 577]) }),
  ],
  [
    'k',
    'Lk above the limit',
    (call) => {
      const tensor = { ...zeros([1]), shape: [1, 1, 2 ** 29 + 1, 1], strides: [0, 0, 0, 1] };
      Object.assign(call, { q: { ...tensor, shape: [1, 1, 1, 1] }, k: tensor, v: tensor });
    },
  ],
  ['blockTable', 'with cuSeqlens', packed((call) => (call.options.blockTable = zeros([2, 2], 'int32')))],
  [
    'kScale',
    'with cuSeqlens',
    packed((call) => {
      call.k = zeros([Lk, Hkv, D], 'int8');
      call.options.kScale = zeros([2, Hkv, Lk]);
    }),
  ],
  ['kernel', 'one of the other direction', options({ kernel: 'cpu-flash-backward' })],
]);

import type { NativeForwardCall } from '../../packages/core/src/native.js';
import { integers, random, smallSizes, zeros } from './addon.js';
import { int8, options, packed, paged, table } from './refusal-table.js';

const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = smallSizes;

export const shapeRefusals = table<NativeForwardCall>('SHAPE_MISMATCH', [
  ['q', 'rank 3', (call) => (call.q = random([Hq, Lq, D], 1))],
  ['q', 'rank 5', (call) => (call.q = { ...call.q, shape: [1, B, Hq, Lq, D] })],
  ['q', 'no heads', (call) => (call.q = zeros([B, 0, Lq, D]))],
  ['q', 'D = 0', (call) => Object.assign(call, { q: zeros([B, Hq, Lq, 0]), k: zeros([B, Hkv, Lk, 0]) })],
  ['k', 'another batch', (call) => (call.k = random([B + 1, Hkv, Lk, D], 1))],
  ['k', 'another D', (call) => (call.k = random([B, Hkv, Lk, D + 1], 1))],
  ['k', 'Hq % Hkv', (call) => Object.assign(call, { k: random([B, 3, Lk, D], 1), v: random([B, 3, Lk, Dv], 1) })],
  ['v', 'another Lk', (call) => (call.v = random([B, Hkv, Lk - 1, Dv], 1))],
  ['v', 'another Hkv', (call) => (call.v = random([B, Hkv + 1, Lk, Dv], 1))],
  ['v', 'Dv = 0', (call) => (call.v = zeros([B, Hkv, Lk, 0]))],
  ['out', 'width of D, not Dv', (call) => (call.out = zeros([B, Hq, Lq, D]))],
  ['out', 'the other layout', (call) => (call.out = zeros([B, Lq, Hq, Dv]))],
  ['lse', 'rank 4', (call) => (call.lse = zeros([B, Hq, Lq, 1]))],
  ['softmaxStats', 'one half', (call) => (call.softmaxStats = zeros([1, B, Hq, Lq]))],
  ['mask', 'rank 2', options({ mask: zeros([Lq, Lk], 'bool') })],
  ['mask', 'a head count between', options({ mask: zeros([1, 2, 1, Lk], 'bool') })],
  ['mask', 'broadcast keys', options({ mask: zeros([1, 1, 1, 1], 'bool') })],
  ['bias', 'another Lq', options({ bias: zeros([B, Hq, Lq + 1, Lk]) })],
  ['alibiSlopes', 'another Hq', options({ alibiSlopes: zeros([Hq + 1]) })],
  ['alibiSlopes', 'rank 3', options({ alibiSlopes: zeros([1, B, Hq]) })],
  ['sinks', 'per batch', options({ sinks: zeros([B, Hq]) })],
  ['kvLengths', 'another B', options({ kvLengths: zeros([B + 1], 'int32') })],
  ['cuSeqlensK', 'one sequence less', packed((call) => (call.options.cuSeqlensK = integers([0, 5], [2])))],
  ['cuSeqlensQ', 'empty', packed((call) => (call.options.cuSeqlensQ = zeros([0], 'int32')))],
  ['q', 'rank 4 with cuSeqlens', options({ cuSeqlensQ: integers([0, 1], [2]), cuSeqlensK: integers([0, 1], [2]) })],
  ['blockTable', 'another B', paged((call) => (call.options.blockTable = zeros([B + 1, 2], 'int32')))],
  ['rope', 'cos and sin differ', options({ rope: { cos: zeros([9, 2]), sin: zeros([9, 3]), style: 'half' } })],
  ['rope', 'wider than D', options({ rope: { cos: zeros([9, D]), sin: zeros([9, D]), style: 'half' } })],
  ['rope', 'too few positions', options({ rope: { cos: zeros([2, 2]), sin: zeros([2, 2]), style: 'half' } })],
  ['kScale', 'another Lk', int8((call) => (call.options.kScale = zeros([B, Hkv, Lk + 1])))],
]);

export const dtypeRefusals = table<NativeForwardCall>('DTYPE_MISMATCH', [
  ['q', 'int32', (call) => (call.q = zeros([B, Hq, Lq, D], 'int32'))],
  ['k', 'float16 beside float32', (call) => (call.k = zeros([B, Hkv, Lk, D], 'float16'))],
  ['v', 'bfloat16 beside float32', (call) => (call.v = zeros([B, Hkv, Lk, Dv], 'bfloat16'))],
  ['k', 'int8 without kScale', (call) => (call.k = zeros([B, Hkv, Lk, D], 'int8'))],
  ['v', 'float32 with vScale', options({ vScale: zeros([B, Hkv, Lk]) })],
  ['out', 'float16 beside float32', (call) => (call.out = zeros([B, Hq, Lq, Dv], 'float16'))],
  ['lse', 'float16', (call) => (call.lse = zeros([B, Hq, Lq], 'float16'))],
  ['mask', 'float32', options({ mask: zeros([1, 1, 1, Lk]) })],
  ['bias', 'int32', options({ bias: zeros([1, 1, 1, Lk], 'int32') })],
  ['alibiSlopes', 'float16', options({ alibiSlopes: zeros([Hq], 'float16') })],
  ['kvLengths', 'float32', options({ kvLengths: zeros([B]) })],
  ['cuSeqlensQ', 'float32', packed((call) => (call.options.cuSeqlensQ = zeros([3])))],
  ['blockTable', 'float32', paged((call) => (call.options.blockTable = zeros([B, 2])))],
]);

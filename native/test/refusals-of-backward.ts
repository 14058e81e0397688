import type { NativeBackwardCall } from '../../packages/core/src/native.js';
import { smallSizes, zeros } from './addon.js';
import { int8, options, overlapping, paged, table, withBias } from './refusal-table.js';

const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = smallSizes;

export const backwardRefusals = [
  ...table<NativeBackwardCall>('SHAPE_MISMATCH', [
    ['out', 'another Lq', (call) => (call.out = zeros([B, Hq, Lq + 1, Dv]))],
    ['dOut', 'width of D', (call) => (call.dOut = zeros([B, Hq, Lq, D]))],
    ['lse', 'another Lq', (call) => (call.lse = zeros([B, Hq, Lq + 1]))],
    ['dLse', 'rank 4', (call) => (call.dLse = zeros([B, Hq, Lq, 1]))],
    ['dq', 'shape of k', (call) => (call.dq = zeros([B, Hkv, Lk, D]))],
    ['dk', 'query heads', (call) => (call.dk = zeros([B, Hq, Lk, D]))],
    ['dv', 'width of D', (call) => (call.dv = zeros([B, Hkv, Lk, D]))],
    ['dBias', 'not the shape of the bias', withBias((call) => (call.dBias = zeros([B, Hq, Lq, Lk])))],
  ]),
  ...table<NativeBackwardCall>('DTYPE_MISMATCH', [
    ['dOut', 'float16', (call) => (call.dOut = zeros([B, Hq, Lq, Dv], 'float16'))],
    ['dk', 'float16', (call) => (call.dk = zeros([B, Hkv, Lk, D], 'float16'))],
    ['dBias', 'float16', withBias((call) => (call.dBias = zeros([1, 1, Lq, Lk], 'float16')))],
  ]),
  ...table<NativeBackwardCall>('INVALID_ARGUMENT', [
    ['dBias', 'without bias', (call) => (call.dBias = zeros([1, 1, Lq, Lk]))],
    ['dSinks', 'without sinks', (call) => (call.dSinks = zeros([Hq]))],
    ['dk', 'shared heads', (call) => (call.dk = { ...call.dk, strides: [80, 0, 8, 1] })],
    ['scale', 'infinite', options({ scale: Number.POSITIVE_INFINITY })],
  ]),
  ...table<NativeBackwardCall>('BUFFER_TOO_SHORT', [
    ['lse', 'one element short', (call) => (call.lse = { ...call.lse, data: new Float32Array(B * Hq * Lq - 1) })],
    ['dv', 'one element short', (call) => (call.dv = { ...call.dv, data: new Float32Array(B * Hkv * Lk * Dv - 1) })],
  ]),
  ...table<NativeBackwardCall>('ALIASED_OUTPUT', [
    ['dq', 'the memory of q', (call) => (call.dq = overlapping(call.q, call.q.shape))],
    ['dk', 'the memory of dq', (call) => (call.dk = overlapping(call.dq, call.k.shape))],
    ['dv', 'the memory of dOut', (call) => (call.dv = overlapping(call.dOut, call.v.shape))],
  ]),
  ...table<NativeBackwardCall>('UNSUPPORTED', [
    [
      'blockTable',
      'pages, which are for the forward pass',
      paged((call) => Object.assign(call, { dk: zeros([B, Hkv, 6, D]), dv: zeros([B, Hkv, 6, Dv]) })),
    ],
    ['kScale', 'int8 keys, which are for the forward pass', int8(() => undefined)],
    ['kernel', 'one of the other direction', options({ kernel: 'cpu-flash-forward' })],
  ]),
];

import type { NativeForwardCall } from '../../packages/core/src/native.js';
import { random, smallSizes, zeros } from './addon.js';
import { big, options, overlapping, table } from './refusal-table.js';

const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = smallSizes;

export const memoryRefusals = [
  ...table<NativeForwardCall>('BUFFER_TOO_SHORT', [
    ['q', 'one element short', (call) => (call.q = { ...call.q, data: new Float32Array(B * Hq * Lq * D - 1) })],
    ['k', 'strides beyond the end', (call) => (call.k = { ...call.k, strides: [400, 40, 8, 1] })],
    ['v', 'empty', (call) => (call.v = { ...call.v, data: new Float32Array(0) })],
    ['out', 'one byte short', (call) => (call.out = { ...call.out, data: new Uint8Array(B * Hq * Lq * Dv * 4 - 1) })],
    ['lse', 'one element short', (call) => (call.lse = { ...zeros([B, Hq, Lq]), data: new Float32Array(23) })],
    ['mask', 'one byte short', options({ mask: { ...zeros([B, 1, 1, Lk], 'bool'), data: new Uint8Array(9) } })],
    ['bias', 'one element short', options({ bias: { ...zeros([1, 1, 1, Lk]), data: new Float32Array(4) } })],
    [
      'q',
      'a detached buffer',
      (call) => structuredClone(call.q.data.buffer, { transfer: [call.q.data.buffer as ArrayBuffer] }),
    ],
  ]),
  ...table<NativeForwardCall>('ALIASED_OUTPUT', [
    ['out', 'the memory of q', (call) => (call.out = overlapping(call.q, call.out.shape))],
    [
      'out',
      'the memory of v',
      (call) => (call.out = overlapping(Object.assign(call, { v: big(call.v) }).v, call.out.shape)),
    ],
    ['lse', 'the memory of k', (call) => (call.lse = overlapping(call.k, [B, Hq, Lq]))],
    ['lse', 'the memory of out', (call) => (call.lse = overlapping(call.out, [B, Hq, Lq]))],
    ['softmaxStats', 'the memory of q', (call) => (call.softmaxStats = overlapping(call.q, [2, B, Hq, Lq]))],
    [
      'out',
      'the memory of the bias',
      (call) => {
        const bias = random([B, Hq, Lq, Lk], 5);
        call.options.bias = big(bias);
        call.out = overlapping(call.options.bias, call.out.shape);
      },
    ],
    [
      'out',
      'one byte of the mask',
      (call) => {
        const bytes = B * Hq * Lq * Dv * 4;
        const { buffer } = new Uint8Array(bytes + Lk);
        call.out = { ...call.out, data: new Float32Array(buffer, 0, bytes / 4) };
        call.options.mask = { ...zeros([1, 1, 1, Lk], 'bool'), data: new Uint8Array(buffer, bytes - 1, Lk) };
      },
    ],
  ]),
  ...table<NativeForwardCall>('SIZE_OVERFLOW', [
    ['q', 'more than 2^63 bytes', (call) => (call.q = { ...call.q, shape: [2 ** 40, 2 ** 20, 2 ** 10, D] })],
    [
      'k',
      'strides that overflow',
      (call) => (call.k = { ...call.k, shape: [2 ** 12, Hkv, Lk, D], strides: [2 ** 53 - 1, 40, 8, 1] }),
    ],
    [
      'out',
      'inputs that repeat memory',
      (call) => {
        const shape = [2 ** 24, 2 ** 24, 2 ** 24, 1];
        const tensor = { ...zeros([1]), shape, strides: [0, 0, 0, 1] };
        Object.assign(call, {
          q: tensor,
          k: { ...tensor, shape: [2 ** 24, 1, 1, 1] },
          v: { ...tensor, shape: [2 ** 24, 1, 1, 1] },
        });
      },
    ],
  ]),
];

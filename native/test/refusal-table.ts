import type { NativeBackwardCall, NativeForwardCall } from '../../packages/core/src/native.js';
import type { AttentionOptions, Tensor } from '../../packages/core/src/types.js';
import { integers, random, smallSizes, zeros } from './addon.js';

const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = smallSizes;

/** One bad call: what is changed in a good one, and the refusal that has to come. */
export interface RefusalCase<Call> {
  name: string;
  change: (call: Call) => void;
  code: string;
  argument: string;
}

export function options(given: object): (call: { options: AttentionOptions }) => void {
  return (call) => Object.assign(call.options, given);
}

/** Every case is a small change, so a table of tuples reads best. */
export function table<Call>(code: string, rows: [argument: string, name: string, change: (call: Call) => void][]) {
  return rows.map(([argument, name, change]): RefusalCase<Call> => ({ code, argument, name, change }));
}

export const overlapping = (of: Tensor, shape: readonly number[]): Tensor => ({
  data: new Float32Array(
    of.data.buffer as ArrayBuffer,
    0,
    shape.reduce((a, b) => a * b, 1),
  ),
  shape,
  dtype: 'float32',
});

/** In a buffer large enough for any output. */
export function big(tensor: Tensor): Tensor {
  const data = new Float32Array(4096);
  data.set(tensor.data as Float32Array);
  return { ...tensor, data };
}

export function withBias(change: (call: NativeBackwardCall) => void) {
  return (call: NativeBackwardCall): void => {
    call.options.bias = random([1, 1, Lq, Lk], 6);
    change(call);
  };
}

/** A well-formed call on packed sequences, then the change. */
export function packed(change: (call: NativeForwardCall) => void) {
  return (call: NativeForwardCall): void => {
    Object.assign(call, { q: random([Lq, Hq, D], 1), k: random([Lk, Hkv, D], 1), v: random([Lk, Hkv, Dv], 1) });
    Object.assign(call, { out: zeros([Lq, Hq, Dv]), lse: zeros([Hq, Lq]), softmaxStats: undefined });
    options({ cuSeqlensQ: integers([0, 1, Lq], [3]), cuSeqlensK: integers([0, 0, Lk], [3]) })(call);
    change(call);
  };
}

/** A well-formed call on pages of 3 keys, then the change. */
export function paged<Call extends NativeForwardCall | NativeBackwardCall>(change: (call: Call) => void) {
  return (call: Call): void => {
    Object.assign(call, { k: random([4, 3, Hkv, D], 1), v: random([4, 3, Hkv, Dv], 1) });
    options({ blockTable: integers([0, 1, 3, -7], [B, 2]), kvLengths: integers([5, 3], [B]) })(call);
    change(call);
  };
}

/** A well-formed call on int8 keys, then the change. */
export function int8<Call extends NativeForwardCall | NativeBackwardCall>(change: (call: Call) => void) {
  return (call: Call): void => {
    call.k = zeros([B, Hkv, Lk, D], 'int8');
    call.options.kScale = zeros([B, Hkv, Lk]);
    change(call);
  };
}

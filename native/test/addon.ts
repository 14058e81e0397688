import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeAddon, NativeBackwardCall, NativeForwardCall } from '../../packages/core/src/native.js';
import type { DType, Tensor } from '../../packages/core/src/types.js';

const platform = `${process.platform}-${process.arch}`;

/** The built binary, as `@fa-metal/core` delivers it. */
export const addonPath = fileURLToPath(
  new URL(`../../packages/core/prebuilds/${platform}/addon.node`, import.meta.url),
);

export const addon = createRequire(import.meta.url)(addonPath) as NativeAddon;

const views = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  int8: Int8Array,
  bool: Uint8Array,
} as const;

export function zeros(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  return { data: new views[dtype](elements), shape, dtype };
}

/** float32 values in [-1, 1) that depend on the seed only. */
export function random(shape: readonly number[], seed: number): Tensor {
  const tensor = zeros(shape);
  const data = tensor.data as Float32Array;
  let state = seed >>> 0;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[index] = state / 2 ** 31 - 1;
  }
  return tensor;
}

/** int32 or bool values. */
export function integers(values: readonly number[], shape: readonly number[], dtype: DType = 'int32'): Tensor {
  const tensor = zeros(shape, dtype);
  (tensor.data as Int32Array).set(values);
  return tensor;
}

export interface Sizes {
  batch: number;
  queryHeads: number;
  kvHeads: number;
  queries: number;
  keys: number;
  width: number;
  valueWidth: number;
}

export const smallSizes: Sizes = {
  batch: 2,
  queryHeads: 4,
  kvHeads: 2,
  queries: 3,
  keys: 5,
  width: 8,
  valueWidth: 6,
};

/** A forward call with random inputs, layout bhld. */
export function forwardCall(sizes: Sizes = smallSizes): NativeForwardCall & { lse: Tensor; softmaxStats: Tensor } {
  const { batch: B, queryHeads: Hq, kvHeads: Hkv, queries: Lq, keys: Lk, width: D, valueWidth: Dv } = sizes;
  return {
    q: random([B, Hq, Lq, D], 1),
    k: random([B, Hkv, Lk, D], 2),
    v: random([B, Hkv, Lk, Dv], 3),
    out: zeros([B, Hq, Lq, Dv]),
    lse: zeros([B, Hq, Lq]),
    softmaxStats: zeros([2, B, Hq, Lq]),
    options: {},
  };
}

/** The backward call of a forward call that has run. */
export function backwardCall(forward: ReturnType<typeof forwardCall>): NativeBackwardCall {
  const { q, k, v, out, lse, softmaxStats, options } = forward;
  const gradients = { dq: zeros(q.shape), dk: zeros(k.shape), dv: zeros(v.shape) };
  return { q, k, v, out, lse, softmaxStats, options, dOut: random(out.shape, 4), ...gradients };
}

/** A copy of the bytes of a tensor. */
export function bytesOf({ data }: Tensor): Buffer {
  return Buffer.from(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
}

/** What a call threw, or rejected with. */
export interface NativeFailure extends Error {
  code: string;
  argument: string;
}

export function failureOf(call: () => unknown): NativeFailure {
  try {
    call();
  } catch (error) {
    return error as NativeFailure;
  }
  throw new Error('the call was not refused');
}

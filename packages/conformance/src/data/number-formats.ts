import { type FloatDType, fromBfloat16, quantum, toBfloat16 } from '@fa-metal/reference';
import type { DType } from '../types.js';
import { fromFloat16, toFloat16 } from './float16.js';

export type Storage = Float32Array | Uint16Array | Int32Array | Int8Array | Uint8Array;

/** How a dtype lies in memory. */
export interface NumberFormat {
  readonly bytes: number;
  view(buffer: ArrayBufferLike, byteOffset: number, length: number): Storage;
  /** Nearest stored elements. */
  encode(values: ArrayLike<number>): ArrayLike<number>;
  decode(stored: ArrayLike<number>): Float64Array;
  /** One rounding step at a magnitude. */
  quantum(magnitude: number): number;
}

const same = {
  encode: (values: ArrayLike<number>) => values,
  decode: (stored: ArrayLike<number>) => Float64Array.from(stored),
};
const whole = { ...same, quantum: () => 1 };
const step = (dtype: FloatDType) => (magnitude: number) => quantum(dtype, magnitude);

export const numberFormats: Readonly<Record<DType, NumberFormat>> = {
  float32: {
    bytes: 4,
    encode: (values) => Float32Array.from(values),
    decode: same.decode,
    quantum: step('float32'),
    view: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  },
  float16: {
    bytes: 2,
    encode: toFloat16,
    decode: fromFloat16,
    quantum: step('float16'),
    view: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  },
  bfloat16: {
    bytes: 2,
    encode: toBfloat16,
    decode: fromBfloat16,
    quantum: step('bfloat16'),
    view: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  },
  int32: { bytes: 4, ...whole, view: (buffer, offset, length) => new Int32Array(buffer, offset, length) },
  int8: { bytes: 1, ...whole, view: (buffer, offset, length) => new Int8Array(buffer, offset, length) },
  bool: { bytes: 1, ...whole, view: (buffer, offset, length) => new Uint8Array(buffer, offset, length) },
};

/** Rounds in place to what the dtype holds. */
export function roundInPlace(dtype: DType, values: Float64Array): Float64Array {
  const { encode, decode } = numberFormats[dtype];
  values.set(decode(encode(values)));
  return values;
}

import { refusal } from '@fa-metal/core';
import type { OnnxValue, Tensor } from 'onnxruntime-common';
import type { NativeResult, NativeTensor } from './native.js';

type ArrayOverBuffer = new (buffer: ArrayBuffer) => ArrayBufferView;

/** float16 as bits: onnxruntime-common turns them into a Float16Array where the platform has one. */
const arrays: Record<string, ArrayOverBuffer> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int4: Uint8Array,
  uint4: Uint8Array,
  bool: Uint8Array,
};

/**
 * A tensor in host memory as the native code takes it.
 *
 * @throws FaMetalError `UNSUPPORTED` for strings, sequences, maps and tensors on a GPU
 */
export function toNative(value: OnnxValue, argument: string): NativeTensor {
  const { type, dims, location } = value as Partial<Tensor>;
  const got = !Array.isArray(dims)
    ? 'another value'
    : location !== undefined && location !== 'cpu' && location !== 'cpu-pinned'
      ? `a tensor in ${location}`
      : type === 'string'
        ? 'a tensor of strings'
        : undefined;
  if (got) throw refusal({ code: 'UNSUPPORTED', argument, expected: 'a tensor of numbers in host memory', got });
  return { type: String(type), dims: dims as readonly number[], data: (value as Tensor).data };
}

/** What onnxruntime-common makes its Tensor of. */
export function fromResult({ type, dims, buffer }: NativeResult): OnnxValue {
  const ArrayType = arrays[type] as ArrayOverBuffer;
  return { type, dims, data: new ArrayType(buffer) } as unknown as OnnxValue;
}

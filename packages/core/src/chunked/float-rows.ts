import { expectSame } from '../partial-attention.js';
import { bfloat16, decode, encode, float16 } from '../small-floats.js';
import type { DType, Tensor } from '../types.js';
import { denseCopy } from './slices.js';

const formats = { float16, bfloat16 };

/** The values of a dense tensor of floats. */
export function toFloat32({ data, dtype }: Tensor): Float32Array {
  if (dtype === 'float32') return data as Float32Array;
  const format = formats[dtype as keyof typeof formats];
  return Float32Array.from(data as Uint16Array, (bits) => decode(bits, format));
}

/** A dense tensor of these values, each rounded to `dtype`. */
export function fromFloat32(values: Float32Array, shape: readonly number[], dtype: DType): Tensor {
  if (dtype === 'float32') return { data: values, shape, dtype };
  const format = formats[dtype as keyof typeof formats];
  return { data: Uint16Array.from(values, (value) => encode(value, format)), shape, dtype };
}

/**
 * A tensor of the call's dtype, in float32: what is summed over pieces must not be rounded piece by piece.
 *
 * @throws FaMetalError `DTYPE_MISMATCH`
 */
export function widened(argument: string, tensor: Tensor, dtype: DType): Tensor {
  // What is no 16-bit float is left to the call's own checks.
  if (!Object.hasOwn(formats, dtype) || tensor.dtype === 'int8') return tensor;
  expectSame('DTYPE_MISMATCH', argument, dtype, tensor.dtype);
  return { data: toFloat32(denseCopy(tensor)), shape: tensor.shape, dtype: 'float32' };
}

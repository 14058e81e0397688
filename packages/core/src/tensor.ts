import { describeValue } from './describe-value.js';
import { type FaMetalError, invalidArgument, refusal } from './errors.js';
import { dtypes } from './generated/enums.js';
import type { DType, Tensor, TensorShape } from './types.js';

/** How the elements of a dtype lie in memory: the typed arrays that may hold them, and their size in bytes. */
const storage: Readonly<Record<DType, { arrays: readonly string[]; bytes: number }>> = {
  float32: { arrays: ['Float32Array'], bytes: 4 },
  float16: { arrays: ['Uint16Array', 'Float16Array'], bytes: 2 },
  bfloat16: { arrays: ['Uint16Array'], bytes: 2 },
  int32: { arrays: ['Int32Array'], bytes: 4 },
  int8: { arrays: ['Int8Array'], bytes: 1 },
  bool: { arrays: ['Uint8Array'], bytes: 1 },
};

const plainArrays: Readonly<Record<DType, new (buffer: ArrayBufferLike, offset?: number, length?: number) => Tensor['data']>> =
  {
    float32: Float32Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int32: Int32Array,
    int8: Int8Array,
    bool: Uint8Array,
  };

/**
 * Checks what only JavaScript can get wrong about a tensor, and gives back a plain copy of its description. Sizes,
 * and how the tensors of a call fit each other, are for the native side.
 */
export function readTensor(argument: string, value: unknown): Tensor {
  const { shape, dtype, strides } = readTensorShape(argument, value);
  const data = readData(argument, (value as Tensor).data, dtype);
  return { data, shape, dtype, ...(strides && { strides }) };
}

/** As `readTensor`, for a description that needs no data. */
export function readTensorShape(argument: string, value: unknown): TensorShape {
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument(argument, 'a tensor { data, shape, dtype }', value);
  }
  const { shape, dtype, strides } = value as Partial<Tensor>;
  if (!isIntegerList(shape)) throw invalidArgument(argument, 'a shape of whole numbers', shape);
  if (strides !== undefined && !(isIntegerList(strides) && strides.length === shape.length)) {
    throw invalidArgument(argument, `strides of ${shape.length} whole numbers`, strides);
  }
  if (!isDType(dtype)) throw dtypeMismatch(argument, `a dtype of ${dtypes.join(', ')}`, describeValue(dtype));
  return { shape: [...shape], dtype, ...(strides && { strides: [...strides] }) };
}

function readData(argument: string, data: unknown, dtype: DType): Tensor['data'] {
  const { arrays } = storage[dtype];
  // By tag, so that typed arrays of another realm (a test runner's, a vm context's) pass.
  const tag = ArrayBuffer.isView(data) ? String((data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]) : '';
  if (!arrays.includes(tag)) {
    throw dtypeMismatch(argument, `${dtype} data in a ${arrays.join(' or ')}`, describeValue(data));
  }
  const view = data as Tensor['data'];
  if ((view.buffer as { resizable?: boolean; growable?: boolean }).resizable) {
    throw invalidArgument(argument, 'a buffer of fixed length', 'a resizable ArrayBuffer');
  }
  return tag === 'Float16Array' ? new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2) : view;
}

/** Bytes that a shape takes, row-major. */
export function byteCount(shape: readonly number[], dtype: DType): number {
  return shape.reduce((product, size) => product * size, storage[dtype].bytes);
}

/** @throws FaMetalError `BUFFER_TOO_SHORT`. The shape and strides have been checked before. */
export function checkBuffer(argument: string, { data, shape, dtype, strides }: Tensor): void {
  const { bytes } = storage[dtype];
  const steps = strides ?? rowMajorStrides(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (steps[axis] ?? 0), 0);
  const needed = shape.includes(0) ? 0 : (last + 1) * bytes;
  if (needed <= data.byteLength) return;
  const got = `${data.byteLength} bytes`;
  throw refusal({ code: 'BUFFER_TOO_SHORT', argument, expected: `at least ${needed} bytes of data`, got });
}

/** Elements between neighbours along each axis of a dense tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** A dense tensor over `buffer`, which has at least `byteCount(shape, dtype)` bytes. */
export function tensorOver(buffer: ArrayBuffer, shape: readonly number[], dtype: DType): Tensor {
  const length = byteCount(shape, dtype) / storage[dtype].bytes;
  return { data: new plainArrays[dtype](buffer, 0, length), shape: [...shape], dtype };
}

/** A dense tensor of zeros. @throws FaMetalError `OUT_OF_MEMORY` */
export function zeros(argument: string, shape: readonly number[], dtype: DType): Tensor {
  const bytes = byteCount(shape, dtype);
  try {
    return tensorOver(new ArrayBuffer(bytes), shape, dtype);
  } catch (cause) {
    const details = { code: 'OUT_OF_MEMORY', argument, expected: `${bytes} bytes`, got: String(cause) } as const;
    throw refusal(details, cause);
  }
}

export function isDType(value: unknown): value is DType {
  return (dtypes as readonly unknown[]).includes(value);
}

function isIntegerList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

function dtypeMismatch(argument: string, expected: string, got: string): FaMetalError {
  return refusal({ code: 'DTYPE_MISMATCH', argument, expected, got });
}

import { describeValue } from './describe-value.js';
import { type FaMetalError, invalidArgument, refusal } from './errors.js';
import { dtypes } from './generated/enums.js';
import type { DType, Tensor, TensorShape } from './types.js';

type Elements = Float32Array | Uint16Array | Int32Array | Int8Array | Uint8Array;
type ElementsType = (new (
  buffer: ArrayBufferLike,
  offset?: number,
  length?: number,
) => Elements) & {
  readonly BYTES_PER_ELEMENT: number;
};

/** The typed array that holds the elements of a dtype. */
const elementsOf: Readonly<Record<DType, ElementsType>> = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  int8: Int8Array,
  bool: Uint8Array,
};

/**
 * Checks what JavaScript can get wrong about one tensor, and gives back a copy of its description over the same
 * memory. How the tensors of a call fit each other is for the native side.
 *
 * @throws FaMetalError `INVALID_ARGUMENT`, `DTYPE_MISMATCH`, `SIZE_OVERFLOW`, `BUFFER_TOO_SHORT`
 */
export function readTensor(argument: string, value: unknown): Tensor & { data: Elements } {
  const description = readTensorShape(argument, value);
  const data = elementsIn(argument, (value as Tensor).data, description.dtype);
  const needed = spannedBytes(argument, description);
  if (data.byteLength >= needed) return { data, ...description };
  const expected = `at least ${needed} bytes for shape ${describeValue(description.shape)}`;
  throw refusal({ code: 'BUFFER_TOO_SHORT', argument, expected, got: String(data.byteLength) });
}

/** As `readTensor`, for a description that needs no data. */
export function readTensorShape(argument: string, value: unknown): TensorShape {
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument(argument, 'a tensor { data, shape, dtype }', value);
  }
  const { shape, dtype, strides } = value as Partial<Tensor>;
  if (!isSizeList(shape)) throw invalidArgument(argument, 'a shape of whole numbers from 0', shape);
  if (strides !== undefined && !(isSizeList(strides) && strides.length === shape.length)) {
    throw invalidArgument(argument, `${shape.length} strides, whole numbers from 0`, strides);
  }
  if (!isDType(dtype)) throw dtypeMismatch(argument, `a dtype of ${dtypes.join(', ')}`, dtype);
  return { shape: [...shape], dtype, ...(strides && { strides: [...strides] }) };
}

/** Bytes that a shape takes, row-major. */
export function byteCount(shape: readonly number[], dtype: DType): number {
  return shape.reduce((product, size) => product * size, elementsOf[dtype].BYTES_PER_ELEMENT);
}

/** From the first element to the end of the last one. */
function spannedBytes(argument: string, { shape, dtype, strides }: TensorShape): number {
  if (shape.includes(0)) return 0;
  const steps = strides ?? rowMajorStrides(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (steps[axis] ?? 0), 0);
  const bytes = (last + 1) * elementsOf[dtype].BYTES_PER_ELEMENT;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw refusal({
    code: 'SIZE_OVERFLOW',
    argument,
    expected: 'a byte count below 2^53',
    got: `shape ${describeValue(shape)}`,
  });
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
  const elements = elementsOf[dtype];
  return {
    data: new elements(buffer, 0, byteCount(shape, dtype) / elements.BYTES_PER_ELEMENT),
    shape: [...shape],
    dtype,
  };
}

/** A dense tensor of zeros. @throws FaMetalError `OUT_OF_MEMORY` */
export function zeros(argument: string, shape: readonly number[], dtype: DType): Tensor {
  const bytes = byteCount(shape, dtype);
  try {
    return tensorOver(new ArrayBuffer(bytes), shape, dtype);
  } catch (cause) {
    throw refusal({ code: 'OUT_OF_MEMORY', argument, expected: `room for ${bytes} bytes`, got: String(cause) }, cause);
  }
}

export function isDType(value: unknown): value is DType {
  return (dtypes as readonly unknown[]).includes(value);
}

export function isSizeList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Bytes in a view of another kind are the same bytes; elements of another kind are a mistake. */
function elementsIn(argument: string, data: unknown, dtype: DType): Elements {
  const elements = elementsOf[dtype];
  // By tag, so that typed arrays of another realm (a test runner's, a vm context's) pass.
  const tag = ArrayBuffer.isView(data) ? (data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] : undefined;
  const bytes = tag === 'Uint8Array' || tag === 'DataView' || (tag === 'Float16Array' && dtype === 'float16');
  if (tag !== elements.name && !bytes) throw dtypeMismatch(argument, `${dtype} data in a ${elements.name}`, data);
  const view = data as Elements;
  if ((view.buffer as { resizable?: boolean }).resizable) {
    throw invalidArgument(argument, 'data in an ArrayBuffer of fixed length', 'a resizable one');
  }
  if (tag === elements.name) return view;
  if (view.byteOffset % elements.BYTES_PER_ELEMENT !== 0) {
    throw invalidArgument(argument, `data aligned to ${elements.BYTES_PER_ELEMENT} bytes`, view.byteOffset);
  }
  return new elements(view.buffer, view.byteOffset, Math.floor(view.byteLength / elements.BYTES_PER_ELEMENT));
}

function dtypeMismatch(argument: string, expected: string, got: unknown): FaMetalError {
  return refusal({ code: 'DTYPE_MISMATCH', argument, expected, got: describeValue(got) });
}

import { f16round, getFloat16, setFloat16 } from '@petamoriken/float16';

/** Element types that the op computes gradients for. */
export type FloatDType = 'float32' | 'float16' | 'bfloat16';

/** Bits of the fraction, and exponents of the smallest and the largest normal number. */
const formats = {
  float32: { fraction: 23, smallest: -126, largest: 127 },
  float16: { fraction: 10, smallest: -14, largest: 15 },
  bfloat16: { fraction: 7, smallest: -126, largest: 127 },
} as const;

/** The nearest number that `dtype` holds, ties to even. */
export function roundTo(dtype: FloatDType, value: number): number {
  if (dtype === 'float32') return Math.fround(value);
  return dtype === 'float16' ? f16round(value) : bfloat16Value(bfloat16Bits(value));
}

/** Rounds every element. */
export function roundAll(dtype: FloatDType, values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value) => roundTo(dtype, value));
}

/**
 * The distance between neighbouring numbers of `dtype` at a magnitude.
 * Below the normal range it is the smallest subnormal; above the finite range, that of the largest number.
 */
export function quantum(dtype: FloatDType, magnitude: number): number {
  const { fraction, smallest, largest } = formats[dtype];
  const size = Math.abs(magnitude);
  let exponent: number = smallest;
  while (exponent < largest && 2 ** (exponent + 1) <= size) exponent++;
  return 2 ** (exponent - fraction);
}

/** IEEE half-precision bits of the nearest numbers. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  const view = new DataView(new ArrayBuffer(2));
  return Uint16Array.from(values, (value) => {
    setFloat16(view, 0, value);
    return view.getUint16(0);
  });
}

export function fromFloat16(bits: ArrayLike<number>): Float64Array {
  const view = new DataView(new ArrayBuffer(2));
  return Float64Array.from(bits, (pattern) => {
    view.setUint16(0, pattern);
    return getFloat16(view, 0);
  });
}

/** bfloat16 bits of the nearest numbers. */
export function toBfloat16(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, bfloat16Bits);
}

export function fromBfloat16(bits: ArrayLike<number>): Float64Array {
  return Float64Array.from(bits, bfloat16Value);
}

const word = new DataView(new ArrayBuffer(4));

function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  const single = Math.fround(value);
  word.setFloat32(0, single);
  let bits = word.getUint32(0);
  // Rounding twice could round a near-tie the wrong way, so the first one goes to odd: toward zero, the last bit set.
  if (single !== value && Number.isFinite(value)) {
    if (Math.abs(single) > Math.abs(value)) bits--;
    bits |= 1;
  }
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function bfloat16Value(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

import { fromFloat16 as decodeOneByOne, roundTo } from '@fa-metal/reference';

/** Value of every bit pattern: cases hold many float16 elements, and looking up is ten times as fast as decoding. */
let table: Float64Array | undefined;

export function fromFloat16(bits: ArrayLike<number>): Float64Array {
  table ??= decodeOneByOne(Uint16Array.from({ length: 1 << 16 }, (_, pattern) => pattern));
  const values = new Float64Array(bits.length);
  for (let i = 0; i < values.length; i++) values[i] = table[bits[i]!]!;
  return values;
}

export function toFloat16(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, bitsOf);
}

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

/** Moves the fields of a float32 that a float16 can hold. */
function bitsOf(value: number): number {
  const rounded = roundTo('float16', value);
  if (Number.isNaN(rounded)) return 0x7e00;
  single[0] = rounded;
  const sign = (word[0]! >>> 16) & 0x8000;
  const magnitude = Math.abs(rounded);
  if (magnitude === Infinity) return sign | 0x7c00;
  // Below the normal range a float16 counts steps of 2^-24.
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24);
  return sign | (((word[0]! & 0x7fffffff) >>> 13) - (112 << 10));
}

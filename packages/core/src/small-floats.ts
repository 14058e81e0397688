/** A binary floating-point format of 16 bits. */
interface SmallFloat {
  exponentBits: number;
  mantissaBits: number;
}

export const float16: SmallFloat = { exponentBits: 5, mantissaBits: 10 };
export const bfloat16: SmallFloat = { exponentBits: 8, mantissaBits: 7 };

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of the nearest value, ties to even; too large a number becomes infinity. */
export function encode(value: number, { exponentBits, mantissaBits }: SmallFloat): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const infinity = (2 ** exponentBits - 1) << mantissaBits;
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const sign = (high >>> 31) << 15;
  if (Number.isNaN(value)) return infinity | (1 << (mantissaBits - 1));
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, 1 - bias);
  if (exponent > bias) return sign | infinity;
  const steps = roundTiesToEven(Math.abs(value) * 2 ** (mantissaBits - exponent));
  // A mantissa that rounds up to 2 carries into the exponent, which is the right result, infinity included.
  return sign | (((exponent + bias - 1) << mantissaBits) + steps);
}

export function decode(bits: number, { exponentBits, mantissaBits }: SmallFloat): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >>> 15 ? -1 : 1;
  const exponent = (bits >>> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = bits & (2 ** mantissaBits - 1);
  if (exponent === 2 ** exponentBits - 1) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (2 ** mantissaBits + mantissa) * 2 ** (exponent - bias - mantissaBits);
}

/** For 0 <= value < 2^51: at 2^52 a double has no fraction bits left, so the addition rounds. */
function roundTiesToEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}

import { Float16Array } from '@petamoriken/float16';

/** The scalar types of MSL that a command line can spell: bytes of one, MTLDataType, and the way in and out of bytes. */
interface Scalar {
  bytes: number;
  metalType: number;
  write(view: DataView, offset: number, text: string): void;
  read(view: DataView, offset: number): number | bigint | boolean;
}

const littleEndian = true;

function float16Bits(value: number): number {
  return new Uint16Array(Float16Array.of(value).buffer)[0] as number;
}

function float16FromBits(bits: number): number {
  return new Float16Array(Uint16Array.of(bits).buffer)[0] as number;
}

/** To nearest, ties to even, as hardware rounds. */
function bfloat16Bits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function bfloat16FromBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits * 0x10000).buffer)[0] as number;
}

function number(text: string): number {
  const value = Number(text === 'inf' ? 'Infinity' : text === '-inf' ? '-Infinity' : text);
  if (text.trim() === '' || (Number.isNaN(value) && text !== 'nan'))
    throw new Error(`expected a number, got '${text}'`);
  return value;
}

function integer(bits: number, signed: boolean, metalType: number): Scalar {
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  return {
    bytes: bits / 8,
    metalType,
    write(view, offset, text) {
      if (!/^-?(\d+|0x[\da-f]+)$/i.test(text)) throw new Error(`expected an integer, got '${text}'`);
      const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
      if (value < least || value > most) throw new Error(`expected a number from ${least} to ${most}, got ${text}`);
      const unsigned = BigInt.asUintN(bits, value);
      for (let byte = 0; byte < bits / 8; byte++) {
        view.setUint8(offset + byte, Number((unsigned >> BigInt(8 * byte)) & 0xffn));
      }
    },
    read(view, offset) {
      let value = 0n;
      for (let byte = bits / 8 - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(view.getUint8(offset + byte));
      return signed ? BigInt.asIntN(bits, value) : value;
    },
  };
}

const scalars: Record<string, Scalar> = {
  bool: {
    bytes: 1,
    metalType: 53,
    write(view, offset, text) {
      if (text !== 'true' && text !== 'false') throw new Error(`expected true or false, got '${text}'`);
      view.setUint8(offset, text === 'true' ? 1 : 0);
    },
    read: (view, offset) => view.getUint8(offset) !== 0,
  },
  char: integer(8, true, 45),
  uchar: integer(8, false, 49),
  short: integer(16, true, 37),
  ushort: integer(16, false, 41),
  int: integer(32, true, 29),
  uint: integer(32, false, 33),
  long: integer(64, true, 81),
  ulong: integer(64, false, 85),
  float: {
    bytes: 4,
    metalType: 3,
    write: (view, offset, text) => view.setFloat32(offset, number(text), littleEndian),
    read: (view, offset) => view.getFloat32(offset, littleEndian),
  },
  half: {
    bytes: 2,
    metalType: 16,
    write: (view, offset, text) => view.setUint16(offset, float16Bits(number(text)), littleEndian),
    read: (view, offset) => float16FromBits(view.getUint16(offset, littleEndian)),
  },
  bfloat: {
    bytes: 2,
    metalType: 121,
    write: (view, offset, text) => view.setUint16(offset, bfloat16Bits(number(text)), littleEndian),
    read: (view, offset) => bfloat16FromBits(view.getUint16(offset, littleEndian)),
  },
};

export const typeNames = Object.keys(scalars);

export const isType = (name: string): boolean => Object.hasOwn(scalars, name);

function scalar(name: string): Scalar {
  const found = isType(name) ? scalars[name] : undefined;
  if (!found) throw new Error(`expected one of ${typeNames.join(', ')}, got '${name}'`);
  return found;
}

/** MTLDataType of a scalar type. */
export const metalType = (type: string): number => scalar(type).metalType;

/** `float`, `1,2.5,-inf` -> bytes. */
export function encode(type: string, list: string): Uint8Array {
  const { bytes, write } = scalar(type);
  const items = list.split(',');
  const result = new Uint8Array(items.length * bytes);
  const view = new DataView(result.buffer);
  items.forEach((item, index) => {
    write(view, index * bytes, item.trim());
  });
  return result;
}

/** The first `count` values in `data`, or all that fit. */
export function decode(type: string, data: Uint8Array, count?: number): string[] {
  const { bytes, read } = scalar(type);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const fit = Math.floor(data.byteLength / bytes);
  return Array.from({ length: Math.min(count ?? fit, fit) }, (_, index) => {
    const value = read(view, index * bytes);
    return typeof value === 'number' ? String(Number(value.toPrecision(7))) : String(value);
  });
}

import type { ElementType, Node, Shape } from './model.js';

/** JavaScript has no bfloat16 tensors: such values enter and leave a model as float32, with casts around. */
export const hostType = (type: ElementType): ElementType => (type === 'bfloat16' ? 'float32' : type);

const codes = { float32: 1, bfloat16: 16 };

export function castTo(type: keyof typeof codes, from: string, to: string): Node {
  return { op: 'Cast', inputs: [from], outputs: [to], attributes: { to: codes[type] } };
}

export function widen(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (value) => value << 16).buffer);
}

/** Of values that are bfloat16 already, so no rounding. */
export function narrow(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (word) => word >>> 16);
}

export type Input = [ElementType, Shape];

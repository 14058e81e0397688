import { describe, expect, it } from 'vitest';
import { readValues } from '../src/data/tensor.js';
import { GuardedTensor } from '../src/index.js';

const bytesAround = ({ tensor: { data } }: GuardedTensor): Uint8Array => new Uint8Array(data.buffer);

describe('GuardedTensor', () => {
  it('holds values of every float dtype, through strides', () => {
    for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
      const { tensor } = new GuardedTensor([2, 2], dtype, { strides: [5, 1] }).fill([1, -2, 0.5, Infinity]);
      expect([...readValues(tensor)]).toEqual([1, -2, 0.5, Infinity]);
    }
  });

  it('notices a write to an input, before it, after it, and between its rows', () => {
    for (const offset of [0, 1, -1, -128, 16, 100]) {
      const guarded = new GuardedTensor([4], 'float32').fill([1, 2, 3, 4]);
      expect(guarded.changed()).toBeUndefined();
      bytesAround(guarded)[128 + offset]! ^= 1;
      expect(guarded.changed()).toBe(offset);
    }
  });

  it('lets results be written, and nothing beside them', () => {
    const guarded = new GuardedTensor([2, 2], 'float32', { strides: [3, 1] }).poison();
    const data = guarded.tensor.data as Float32Array;
    data.set([1, 2], 0);
    data.set([3, 4], 3);
    expect(guarded.changedAround()).toBeUndefined();
    expect(guarded.changed()).toBe(0);
    data[2] = 0;
    expect(guarded.changedAround()).toBe(8);
  });

  it('poisons with a finite number far from any result', () => {
    for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
      const [value] = readValues(new GuardedTensor([1], dtype).poison().tensor);
      expect(Math.abs(value!)).toBeGreaterThan(60000);
      expect(Number.isFinite(value)).toBe(true);
    }
  });

  it('starts off its alignment when asked to', () => {
    expect(new GuardedTensor([4], 'float32', { misalign: 1 }).tensor.data.byteOffset % 8).toBe(4);
  });

  it('fills gaps of strided tensors with NaN', () => {
    const { tensor } = new GuardedTensor([2, 1], 'float32', { strides: [2, 1] }).fill([1, 2]);
    expect([...(tensor.data as Float32Array)]).toEqual([1, NaN, 2]);
  });
});

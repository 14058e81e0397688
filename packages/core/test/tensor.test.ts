import { describe, expect, it } from 'vitest';
import { readTensor, rowMajorStrides } from '../src/tensor.js';

/** Stands in for Node's own where there is none yet: what counts is its tag. */
const Float16Array: new (length: number) => ArrayBufferView =
  (globalThis as { Float16Array?: new (length: number) => ArrayBufferView }).Float16Array ??
  class extends Uint16Array {
    override get [Symbol.toStringTag](): 'Uint16Array' {
      return 'Float16Array' as 'Uint16Array';
    }
  };

describe('readTensor', () => {
  it('takes a Float16Array for float16, over the same memory, and for nothing else', () => {
    const data = new Float16Array(6);
    const read = readTensor('q', { data, shape: [2, 3], dtype: 'float16' });
    expect(read.data).toBeInstanceOf(Uint16Array);
    expect(read.data.buffer).toBe(data.buffer);
    expect(read.data).toHaveLength(6);
    expect(() => readTensor('q', { data, shape: [2, 3], dtype: 'bfloat16' })).toThrow(
      expect.objectContaining({ code: 'DTYPE_MISMATCH', argument: 'q' }),
    );
  });

  it('takes bytes for any dtype, if they are aligned', () => {
    const bytes = new Uint8Array(25);
    expect(readTensor('q', { data: bytes.subarray(4, 16), shape: [3], dtype: 'float32' }).data).toHaveLength(3);
    const misaligned = { data: bytes.subarray(1, 13), shape: [3], dtype: 'float32' };
    expect(() => readTensor('q', misaligned)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('takes typed arrays of another realm', async () => {
    const { runInNewContext } = await import('node:vm');
    const data = runInNewContext('new Float32Array(3)') as Float32Array;
    expect(data).not.toBeInstanceOf(Float32Array);
    expect(readTensor('q', { data, shape: [3], dtype: 'float32' }).data).toBe(data);
  });

  it('counts the memory from the first element to the last, gaps included', () => {
    const tensor = (length: number) => ({
      data: new Float32Array(length),
      shape: [2, 3],
      strides: [10, 1],
      dtype: 'float32',
    });
    expect(readTensor('q', tensor(13)).strides).toEqual([10, 1]);
    expect(() => readTensor('q', tensor(12))).toThrow('[2, 3], got 48');
  });

  it('asks for no memory when an axis is empty', () => {
    expect(readTensor('q', { data: new Float32Array(0), shape: [5, 0, 3], dtype: 'float32' }).shape).toEqual([5, 0, 3]);
  });

  it('refuses a buffer that was transferred away', () => {
    const data = new Float32Array(4);
    structuredClone(data, { transfer: [data.buffer] });
    expect(() => readTensor('q', { data, shape: [4], dtype: 'float32' })).toThrow(
      expect.objectContaining({ code: 'BUFFER_TOO_SHORT', argument: 'q' }),
    );
  });
});

it('rowMajorStrides', () => {
  expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(rowMajorStrides([])).toEqual([]);
});

import * as reference from '@fa-metal/reference';
import { describe, expect, it } from 'vitest';
import {
  type AttentionOptions,
  mergeAttention,
  openDeviceSync,
  type PartialAttention,
  type Tensor,
} from '../src/index.js';
import { randomTensor } from './random-tensor.js';

const device = openDeviceSync({ backend: 'cpu' });

/** Keys [from, to) of a [B, H, L, D] tensor with one batch, as a view. */
function slice(tensor: Tensor, from: number, to: number): Tensor {
  const [, heads = 0, length = 0, width = 0] = tensor.shape;
  const data = (tensor.data as Float32Array | Uint16Array).subarray(from * width);
  return {
    ...tensor,
    data,
    shape: [1, heads, to - from, width],
    strides: [heads * length * width, length * width, width, 1],
  };
}

function transposed({ data, shape, dtype }: Tensor): Tensor {
  const [batch = 0, first = 0, second = 0, width = 0] = shape;
  const source = data as Float32Array;
  const target = new Float32Array(source.length);
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < first; i++)
      for (let j = 0; j < second; j++) {
        const from = ((b * first + i) * second + j) * width;
        target.set(source.subarray(from, from + width), ((b * second + j) * first + i) * width);
      }
  return { data: target, shape: [batch, second, first, width], dtype };
}

function decoded({ data, shape, dtype }: Tensor): { data: Float64Array; shape: readonly number[] } {
  const decode = { float32: Float64Array.from, float16: reference.fromFloat16, bfloat16: reference.fromBfloat16 };
  return { data: decode[dtype as 'float32'].call(Float64Array, data as Float32Array), shape };
}

function distance(a: Float64Array, b: Float64Array): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, index) => Math.abs(value - (b[index] as number))));
}

const float32 = (values: number[], shape: number[]): Tensor => ({
  data: Float32Array.from(values),
  shape,
  dtype: 'float32',
});
/** One row of two values. */
const row = (out: [number, number], lse: number): PartialAttention => ({
  out: float32(out, [1, 1, 1, 2]),
  lse: float32([lse], [1, 1, 1]),
});
const numbers = ({ out, lse }: PartialAttention) => [...(out.data as Float32Array), ...(lse.data as Float32Array)];

describe('mergeAttention', () => {
  it.each(['float32', 'float16', 'bfloat16'] as const)('of two chunks is attention over all keys: %s', (dtype) => {
    const q = randomTensor(1, [1, 3, 5, 16], dtype);
    const k = randomTensor(2, [1, 3, 40, 16], dtype);
    const v = randomTensor(3, [1, 3, 40, 8], dtype);
    const merged = mergeAttention(
      device.attentionSync(q, slice(k, 0, 13), slice(v, 0, 13)),
      device.attentionSync(q, slice(k, 13, 40), slice(v, 13, 40)),
    );
    expect(merged.out).toMatchObject({ shape: [1, 3, 5, 8], dtype });
    const problem = { q: decoded(q), k: decoded(k), v: decoded(v) };
    const [exact, naive] = [reference.attention(problem), reference.naiveAttention(problem, dtype)];
    const largest = Math.max(...exact.out.data.map(Math.abs));
    // The contract's rule for each part, another rounding for the sum, and the shares inherit the rounding of lse.
    const rounding = Math.max(...exact.lse.data.map(Math.abs)) * 2 ** -23 * largest;
    const bound = 2 * distance(naive.out.data, exact.out.data) + 2 * reference.quantum(dtype, largest) + rounding;
    expect(distance(decoded(merged.out).data, exact.out.data)).toBeLessThanOrEqual(bound);
  });

  it('reads and writes blhd', () => {
    const heads = 3;
    const [a, b] = [1, 2].map((seed) => ({
      out: randomTensor(seed, [2, heads, 4, 6]),
      lse: randomTensor(seed + 2, [2, heads, 4]),
    })) as [PartialAttention, PartialAttention];
    const expected = mergeAttention(a, b);
    const merged = mergeAttention(
      { ...a, out: transposed(a.out) },
      { ...b, out: transposed(b.out) },
      { layout: 'blhd' },
    );
    expect(transposed(merged.out)).toEqual(expected.out);
    expect(merged.lse).toEqual(expected.lse);
  });

  it('reads packed sequences as blhd without a batch', () => {
    const a = { out: randomTensor(1, [4, 3, 6]), lse: randomTensor(2, [3, 4]) };
    const b = { out: randomTensor(3, [4, 3, 6]), lse: randomTensor(4, [3, 4]) };
    const batched = ({ out, lse }: PartialAttention) => ({
      out: { ...out, shape: [1, ...out.shape] },
      lse: { ...lse, shape: [1, ...lse.shape] },
    });
    const expected = mergeAttention(batched(a), batched(b), { layout: 'blhd' });
    const merged = mergeAttention(a, b);
    expect(merged.out).toMatchObject({ shape: [4, 3, 6], data: expected.out.data });
    expect(merged.lse).toMatchObject({ shape: [3, 4], data: expected.lse.data });
  });

  it('agrees with the reference', () => {
    const [a, b] = [1, 2].map((seed) => ({
      out: randomTensor(seed, [2, 3, 4, 6]),
      lse: randomTensor(seed + 2, [2, 3, 4]),
    })) as [PartialAttention, PartialAttention];
    const expected = reference.mergeAttention(a as never, b as never);
    expect(mergeAttention(a, b).out.data).toEqual(Float32Array.from(expected.out.data));
    expect(mergeAttention(a, b).lse.data).toEqual(Float32Array.from(expected.lse.data));
  });

  it('is the other side, to the bit, where one side saw no key', () => {
    expect(numbers(mergeAttention(row([0.1, -0], 3.3), row([Number.NaN, 7], -Infinity)))).toEqual(
      numbers(row([0.1, -0], 3.3)),
    );
    expect(numbers(mergeAttention(row([Number.NaN, 7], -Infinity), row([0.1, -0], 3.3)))).toEqual(
      numbers(row([0.1, -0], 3.3)),
    );
  });

  it('is 0 with lse -Infinity where neither side saw a key', () => {
    expect(numbers(mergeAttention(row([5, Number.NaN], -Infinity), row([1, 2], -Infinity)))).toEqual([0, 0, -Infinity]);
  });

  it('keeps NaN of a side that saw keys, however small its share', () => {
    expect(numbers(mergeAttention(row([1, 2], 900), row([Number.NaN, 2], -900)))).toEqual([Number.NaN, 2, 900]);
    expect(numbers(mergeAttention(row([1, 2], Number.NaN), row([1, 2], 0)))).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('does not overflow', () => {
    expect(numbers(mergeAttention(row([1, 2], 1e30), row([3, 4], 1e30)))).toEqual([2, 3, Math.fround(1e30)]);
  });

  const good = row([1, 2], 0);
  it.each<[string, string, PartialAttention, PartialAttention, AttentionOptions?]>([
    ['b.out', 'SHAPE_MISMATCH', good, { out: float32([1], [1, 1, 1, 1]), lse: good.lse }],
    ['a.lse', 'SHAPE_MISMATCH', { ...good, lse: float32([1, 2], [1, 1, 2]) }, good],
    ['a.out', 'SHAPE_MISMATCH', { ...good, out: float32([1, 2], [1, 2]) }, good],
    [
      'b.out',
      'DTYPE_MISMATCH',
      good,
      { ...good, out: { data: new Uint16Array(2), shape: [1, 1, 1, 2], dtype: 'float16' } },
    ],
    [
      'b.out',
      'DTYPE_MISMATCH',
      good,
      { ...good, out: { data: new Int32Array(2), shape: [1, 1, 1, 2], dtype: 'int32' } },
    ],
    [
      'a.lse',
      'DTYPE_MISMATCH',
      { ...good, lse: { data: new Uint16Array(1), shape: [1, 1, 1], dtype: 'float16' } },
      good,
    ],
    ['a.out', 'BUFFER_TOO_SHORT', { ...good, out: float32([1], [1, 1, 1, 2]) }, good],
    ['b.lse', 'INVALID_ARGUMENT', good, { out: good.out } as PartialAttention],
    ['a.out', 'INVALID_ARGUMENT', undefined as unknown as PartialAttention, good],
    ['layout', 'INVALID_ARGUMENT', good, good, { layout: 'lbhd' as never }],
    ['options', 'INVALID_ARGUMENT', good, good, null as never],
    ['layuot', 'INVALID_ARGUMENT', good, good, { layuot: 'blhd' } as never],
    [
      'a.out',
      'INVALID_ARGUMENT',
      { ...good, out: { ...float32([1, 2, 3], [1, 1, 1, 2]), strides: [2, 2, 2, 2] } },
      good,
    ],
  ])('refuses %s with %s', (argument, code, a, b, options) => {
    expect(() => mergeAttention(a, b, options)).toThrow(expect.objectContaining({ code, argument }));
    expect(() => mergeAttention(a, b, options)).toThrow(`[mergeAttention] ${argument}: expected `);
  });
});

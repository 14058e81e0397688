import { describe, expect, test } from 'vitest';
import { openDeviceSync, type Tensor } from '../src/index.js';
import { randomTensor } from './random-tensor.js';

// The cpu backend sums dBias of broadcast shapes in tasks that go through all heads which share it: those of a bias this
// long in chunks of keys, those of short ones in parts.
const [B, H, D] = [2, 3, 16];

function dBias(shape: readonly number[], L: number, threads: number): Float32Array {
  const device = openDeviceSync({ backend: 'cpu', threads });
  const [q, k, v, dOut] = [1, 2, 3, 4].map((seed) => randomTensor(seed, [B, H, L, D])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const values = randomTensor(5, [1, 1, 1, L]).data as Float32Array;
  const count = shape.reduce((product, length) => product * length, 1);
  const bias: Tensor = {
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: count }, (_, i) => values[i % L]!),
  };
  const options = { bias, causal: 'bottomRight', softcap: 3 } as const;
  const forward = device.attentionSync(q, k, v, options);
  const result = device.attentionBackwardSync({ q, k, v, ...forward, dOut, needs: { bias: true } }, options);
  device.close();
  return result.dBias?.data as Float32Array;
}

interface Sums {
  sum: Float64Array;
  /** Of the terms' sizes. */
  size: Float64Array;
  terms: number;
}

/** Sums a [B, H, L, L] tensor over the axes along which `shape` is broadcast. */
function summed(all: Float32Array, [b, h, rows]: readonly number[], L: number): Sums {
  const elements = b! * h! * rows! * L;
  const [sum, size] = [new Float64Array(elements), new Float64Array(elements)];
  all.forEach((value, at) => {
    const [key, row, head] = [at % L, Math.floor(at / L) % L, Math.floor(at / L / L) % H];
    const batch = Math.floor(at / L / L / H);
    const to = (((b === 1 ? 0 : batch) * h! + (h === 1 ? 0 : head)) * rows! + (rows === 1 ? 0 : row)) * L + key;
    sum[to]! += value;
    size[to]! += Math.abs(value);
  });
  return { sum, size, terms: all.length / elements };
}

const sameBits = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe.each([730, 100])('length %i', (L) => {
  const whole = dBias([B, H, L, L], L, 2);
  test.each([
    [1, H, L, L],
    [B, 1, L, L],
    [1, 1, L, L],
    [B, H, 1, L],
    [1, 1, 1, L],
  ])(
    'dBias of shape [%i, %i, %i, %i] is the sum of the whole one, with the same bits on 1, 2 and 5 threads',
    (...shape) => {
      const [one, ...others] = [1, 2, 5].map((threads) => dBias(shape, L, threads));
      for (const other of others) expect(sameBits(one!, other)).toBe(true);
      const { sum, size, terms } = summed(whole, shape, L);
      expect(sum.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeGreaterThan(0.01);
      // What any order of summation in float32 may lose.
      expect(one!.every((value, i) => Math.abs(value - sum[i]!) <= terms * 2 ** -24 * size[i]!)).toBe(true);
    },
  );
});

import { expect, it } from 'vitest';
import { openDeviceSync, type Tensor } from '../src/index.js';
import { randomTensor } from './random-tensor.js';

// Few kv heads: the cpu backend cuts keys into chunks, each with a dQ of its own, and goes through the rows in phases.
// Eight heads or more are not cut.
const [L, D] = [2500, 64];
const names = ['dq', 'dk', 'dv'] as const;

function gradients(heads: number, threads: number, from: (seed: number) => Tensor) {
  const device = openDeviceSync({ backend: 'cpu', threads });
  const [q, k, v, dOut] = [1, 2, 3, 4].map((seed) => ({ ...from(seed), shape: [1, heads, L, D] }));
  const inputs = { q: q as Tensor, k: k as Tensor, v: v as Tensor };
  const forward = device.attentionSync(inputs.q, inputs.k, inputs.v, { causal: 'bottomRight' });
  const result = device.attentionBackwardSync(
    { ...inputs, ...forward, dOut: dOut as Tensor },
    { causal: 'bottomRight' },
  );
  device.close();
  return result;
}

const eight = (seed: number) => randomTensor(seed, [1, 8, L, D]);
const first = (seed: number) => ({ ...eight(seed), data: (eight(seed).data as Float32Array).subarray(0, L * D) });

it('one head, cut into chunks and phases, has the gradients that it has among eight', () => {
  const [alone, among] = [gradients(1, 2, first), gradients(8, 2, eight)];
  for (const name of names) {
    const [a, b] = [alone[name].data as Float32Array, among[name].data as Float32Array];
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0.1);
    expect(a.every((value, i) => Math.abs(value - (b[i] as number)) <= 1e-5 * largest)).toBe(true);
  }
});

it('and the same bits on 1, 2 and 5 threads', () => {
  const [one, ...others] = [1, 2, 5].map((threads) => gradients(1, threads, first));
  for (const other of others) for (const name of names) expect(other[name].data).toEqual(one?.[name].data);
});

it('keys that no query reads get gradients of 0, however many they are', () => {
  const device = openDeviceSync({ backend: 'cpu' });
  const tensor = (length: number, width: number, fill = 0) => ({
    data: new Float32Array(length * width).fill(fill),
    shape: [1, 1, length, width],
    dtype: 'float32' as const,
  });
  const rows = { data: new Float32Array(0), shape: [1, 1, 0], dtype: 'float32' as const };
  const [dk, dv] = [tensor(L, D, 7), tensor(L, D, 7)];
  const [k, v] = [tensor(L, D), tensor(L, D)];
  const [q, out, dOut, dq] = [tensor(0, D), tensor(0, D), tensor(0, D), tensor(0, D)];
  device.native.backward({ q, k, v, out, lse: rows, dOut, dq, dk, dv, options: {} });
  expect([...dk.data, ...dv.data].every((value) => value === 0)).toBe(true);
});

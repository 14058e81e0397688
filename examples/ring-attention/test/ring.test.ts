import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type AttentionOptions, openDeviceSync, type Tensor } from '@fa-metal/core';
import { expect, test } from 'vitest';
import { Ring } from '../ring.mjs';
import { float32 } from '../tensors.mjs';

/** Workers take the built @fa-metal/core, as any program does, not the test runner's sources. */
const likeNode = { execArgv: [] };

const main = fileURLToPath(new URL('../main.mjs', import.meta.url));

test.each([
  [1, 64],
  [3, 130],
  [4, 1024],
  [5, 3],
])('%i workers, %i positions: the same as one call, forward and backward', async (places, length) => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, `${places}`, `${length}`]);
  const rows = [...stdout.matchAll(/^(\w+) +largest difference (\S+)$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(['out', 'lse', 'dq', 'dk', 'dv']);
  // Values are below 1, and dk and dv sum over at most 2 * length rows: rounding of float32 in another order.
  for (const [, name, difference] of rows) {
    expect(Number(difference), name).toBeLessThan(name === 'dv' || name === 'dk' ? 1e-5 : 5e-6);
  }
});

test.each<Parameters<Ring['forward']>[3]>([
  {},
  { window: { left: 20, right: 3 }, scale: 0.2 },
  { causal: 'topLeft', window: { left: 9, right: -1 }, softcap: 0.8 },
])('%o', async (options) => {
  let state = 1;
  const random = (shape: number[]): Tensor => {
    const { data } = float32(shape);
    // A linear congruential generator: plenty for data without structure.
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      data[i] = state / 2 ** 31;
    }
    return float32(shape, data);
  };
  const [q, k, v] = [random([2, 4, 70, 16]), random([2, 2, 70, 16]), random([2, 2, 70, 24])];
  const dOut = random([2, 4, 70, 24]);
  const ring = new Ring(3, likeNode);
  const around = { ...(await ring.forward(q, k, v, options)), ...(await ring.backward(dOut)) };
  await ring.close();
  const device = openDeviceSync({ backend: 'cpu' });
  const forward = device.attentionSync(q, k, v, options as AttentionOptions);
  const atOnce = { ...forward, ...device.attentionBackwardSync({ q, k, v, ...forward, dOut }, options) };
  for (const name of ['out', 'lse', 'dq', 'dk', 'dv'] as const) {
    const [a, b] = [around[name].data as Float32Array, atOnce[name].data as Float32Array];
    expect(around[name].shape).toEqual(atOnce[name].shape);
    expect(Math.max(...a.map((value, index) => Math.abs(value - (b[index] as number)))), name).toBeLessThan(5e-6);
  }
});

test('whatever is wrong in a worker rejects the call', async () => {
  const ring = new Ring(1, likeNode);
  const rows = float32([1, 1, 4, 8]);
  await expect(ring.forward(rows, float32([1, 1, 4, 9]), rows)).rejects.toThrow('k: expected');
  await ring.close();
});

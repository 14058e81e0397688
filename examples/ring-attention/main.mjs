// Ring attention over worker threads, forward and backward, held against one call over the whole sequence.
import { openDeviceSync } from '@fa-metal/core';
import { Ring } from './ring.mjs';
import { float32 } from './tensors.mjs';

const [places = 4, length = 2048] = process.argv.slice(2).map(Number);
const options = /** @type {const} */ ({ causal: 'topLeft' });

const random = (/** @type {number[]} */ shape) => {
  const tensor = float32(shape);
  return float32(
    shape,
    tensor.data.map(() => Math.random() * 2 - 1),
  );
};
const [q, dOut] = [random([1, 4, length, 64]), random([1, 4, length, 64])];
const [k, v] = [random([1, 2, length, 64]), random([1, 2, length, 64])];

const ring = new Ring(places);
const around = { ...(await ring.forward(q, k, v, options)), ...(await ring.backward(dOut)) };
await ring.close();

const device = openDeviceSync();
const forward = device.attentionSync(q, k, v, options);
const atOnce = { ...forward, ...device.attentionBackwardSync({ q, k, v, ...forward, dOut }, options) };

console.log(`${length} positions on ${places} workers, against one call:`);
for (const name of /** @type {const} */ (['out', 'lse', 'dq', 'dk', 'dv'])) {
  const [a, b] = [around[name], atOnce[name]].map(({ data }) => /** @type {Float32Array} */ (data));
  const differences = /** @type {Float32Array} */ (a).map((value, index) => Math.abs(value - Number(b?.[index])));
  const largest = differences.reduce((high, value) => Math.max(high, value), 0);
  console.log(`${name.padEnd(4)} largest difference ${largest.toExponential(1)}`);
}

import { expect, test } from 'vitest';
import { type AttentionGradients, type Device, openDeviceSync, type Tensor } from '../src/index.js';
import { chooseSoftwareDevice, controlSoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';
import { randomTensor } from './random-tensor.js';

const length = 2048;
const shape = [1, 1, length, 64];
const reason = await whyNoSoftwareDevice();

/** In pages that the GPU uses in place, so that the device's own buffers are scratch and nothing else. */
function placed(device: Device, seed: number): Tensor {
  const tensor = device.alloc(shape, 'float32');
  (tensor.data as Float32Array).set(randomTensor(seed, shape).data as Float32Array);
  return tensor;
}

test.skipIf(reason)(
  `metal: forward and backward at length ${length} take less than twice the inputs, results included${reason && ` (${reason})`}`,
  () => {
    chooseSoftwareDevice({ validate: false });
    const device = openDeviceSync({ backend: 'metal', device: 'software' });
    const [q, k, v, dOut] = [placed(device, 1), placed(device, 2), placed(device, 3), placed(device, 4)];
    const inputBytes = 4 * q.data.byteLength;
    const row = (sizes: readonly number[]) => device.alloc(sizes, 'float32');
    const forward = { out: row(shape), lse: row([1, 1, length]), softmaxStats: row([2, 1, 1, length]) };
    const gradients = { dq: row(shape), dk: row(shape), dv: row(shape) } satisfies AttentionGradients;
    const results = Object.values({ ...forward, ...gradients }).reduce((sum, { data }) => sum + data.byteLength, 0);
    device.native.forward({ q, k, v, ...forward, options: {} });
    device.native.backward({ q, k, v, ...forward, dOut, ...gradients, options: {} });
    // What calls give back to the pool stays allocated, so this is the most that there was.
    const scratch = controlSoftwareDevice().allocatedBytes();
    console.log(`metal, L = ${length}, D = 64: inputs ${inputBytes}, results ${results}, scratch ${scratch} bytes`);
    expect(scratch).toBeGreaterThanOrEqual(3 * length * 4);
    expect(scratch + results).toBeLessThan(2 * inputBytes);
    device.close();
  },
  600_000,
);

import { describe, expect, it } from 'vitest';
import { openDeviceSync } from '../src/index.js';
import { k, q, v } from './small-problem.js';

const device = openDeviceSync({ backend: 'cpu' });

describe('alloc', () => {
  it('gives zeros that the op takes', () => {
    const tensor = device.alloc([2, 4, 5, 8], 'float32');
    expect(tensor).toEqual({ data: new Float32Array(320), shape: [2, 4, 5, 8], dtype: 'float32' });
    (tensor.data as Float32Array).set(q.data as Float32Array);
    expect(device.attentionSync(tensor, k, v)).toEqual(device.attentionSync(q, k, v));
  });

  it.each([
    ['float16', Uint16Array],
    ['bfloat16', Uint16Array],
    ['int32', Int32Array],
    ['int8', Int8Array],
    ['bool', Uint8Array],
  ] as const)('%s lies in a %o', (dtype, array) => {
    expect(device.alloc([3, 5], dtype).data).toEqual(new array(15));
  });

  it('gives an empty tensor', () => {
    expect(device.alloc([0, 5], 'float32').data).toHaveLength(0);
  });

  it('gives back its memory when the event loop turns', async () => {
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 50; round++) {
      (device.alloc([1 << 22], 'float32').data as Float32Array).fill(1);
      await new Promise(setImmediate);
    }
    // 50 times 16 MiB would be 800 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 2 ** 20);
  });

  it.each([
    ['INVALID_ARGUMENT', 'shape', [-1], 'float32'],
    ['INVALID_ARGUMENT', 'shape', 4, 'float32'],
    ['INVALID_ARGUMENT', 'dtype', [4], 'float64'],
    ['SIZE_OVERFLOW', 'shape', [2 ** 40, 2 ** 40], 'float32'],
    ['OUT_OF_MEMORY', undefined, [2 ** 47], 'float32'],
  ])('refuses with %s %s', (code, argument, shape, dtype) => {
    expect(() => device.alloc(shape as number[], dtype as 'float32')).toThrow(
      expect.objectContaining(argument === undefined ? { code } : { code, argument }),
    );
  });
});

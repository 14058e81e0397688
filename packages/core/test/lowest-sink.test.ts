import { expect, it } from 'vitest';
import { loadLibrary, openDeviceSync, type Tensor } from '../src/index.js';
import { randomTensor } from './random-tensor.js';

const lowest = -3.4028234663852886e38;

it.each(loadLibrary().addon.instructionSets())(
  'a row that sees no key has its sink as lse, the lowest float too: %s',
  (isa) => {
    const device = openDeviceSync({ backend: 'cpu', isa });
    try {
      const [q, k, v, dOut] = [1, 2, 3, 4].map((seed) => randomTensor(seed, [1, 2, 3, 8])) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const sinks: Tensor = { data: Float32Array.of(lowest, -3), shape: [2], dtype: 'float32' };
      const mask: Tensor = { data: new Uint8Array(3), shape: [1, 1, 1, 3], dtype: 'bool' };
      const { out, lse } = device.attentionSync(q, k, v, { sinks, mask });
      expect(Array.from(lse.data as Float32Array)).toEqual([lowest, lowest, lowest, -3, -3, -3]);
      expect(new Set(out.data as Float32Array)).toEqual(new Set([0]));
      const { dSinks } = device.attentionBackwardSync({ q, k, v, out, lse, dOut }, { sinks, mask });
      expect(Array.from(dSinks?.data as Float32Array).map(Math.abs)).toEqual([0, 0]);
    } finally {
      device.close();
    }
  },
);

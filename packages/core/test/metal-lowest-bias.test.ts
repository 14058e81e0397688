import { buildCall, caseOf } from '@fa-metal/conformance';
import { describe, expect, it } from 'vitest';
import { openDeviceSync } from '../src/index.js';
import { chooseSoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';

const reason = await whyNoSoftwareDevice();
const lowest = -3.4028234663852886e38;

/** Rows by which the chosen kernels differ. */
const ids = [5, 21].map((rows) => `lowest:Hq=2,Lq=${rows},Lk=37,D=16,bias=111,gradients=true`);

describe.skipIf(reason)(`a row that a bias of the lowest float hides${reason && ` (${reason})`}`, () => {
  it.each(ids)('has finite gradients from its lse alone: %s', (id) => {
    chooseSoftwareDevice({ validate: true });
    const device = openDeviceSync({ backend: 'metal', device: 'software' });
    try {
      const { q, k, v, options, dOut } = buildCall(id, caseOf(id).parameters).call;
      if (!dOut || !options?.bias) throw new Error('the case has a bias and gradients');
      (options.bias.data as Float32Array).fill(lowest);
      const { out, lse } = device.attentionSync(q, k, v, options);
      expect((lse.data as Float32Array)[0]).toBe(lowest);
      const { dq, dk, dv, dBias } = device.attentionBackwardSync({ q, k, v, out, lse, dOut }, options);
      for (const gradient of [dq, dk, dv, dBias]) {
        expect(Array.from(gradient?.data as Float32Array).every(Number.isFinite)).toBe(true);
      }
    } finally {
      device.close();
    }
  });
});

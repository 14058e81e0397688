import { buildCall } from '@fa-metal/conformance';
import { expect, test } from 'vitest';
import { type AttentionOptions, FaMetalError } from '../src/index.js';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';
import { testGold } from './gold.js';
import { metalAdapter, openSoftwareDevice } from './metal-adapters.js';

/** MLA's latent width, 576 with values of 512: decoded, not trained. */
const latent = ['s066', 's067'];

const reason = await whyNoSoftwareDevice();
if (reason) test.skip(`gold vectors on the Metal backend: ${reason}`);
else {
  const device = openSoftwareDevice('apple9');
  testGold([metalAdapter({ name: 'metal', device, preferred: { forward: [], backward: [] } })], latent);

  test('gradients of a width above 256 are refused with the limit and the width', () => {
    const { q, k, v, options } = buildCall('latent', { Hq: 4, Hkv: 1, Lq: 2, Lk: 9, D: 576, Dv: 512 }).call;
    const problem = { q, k, v, options: options as AttentionOptions, direction: 'backward' } as const;
    expect(device.supports({ ...problem, direction: 'forward' })).toEqual({ ok: true });
    let refusal: unknown;
    try {
      device.plan(problem);
    } catch (error) {
      refusal = error;
    }
    expect(FaMetalError.isInstance(refusal)).toBe(true);
    expect(refusal).toMatchObject({ code: 'UNSUPPORTED', argument: 'q', message: expect.stringMatching(/256.*576/) });
  });
}

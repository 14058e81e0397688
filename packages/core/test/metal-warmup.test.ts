import { buildCall, caseOf } from '@fa-metal/conformance';
import { describe, expect, it } from 'vitest';
import type { AttentionOptions, Tensor } from '../src/index.js';
import { openDeviceSync } from '../src/index.js';
import { chooseSoftwareDevice, controlSoftwareDevice, whyNoSoftwareDevice } from '../test-support/software-device.js';

const reason = await whyNoSoftwareDevice();

/** Options that bring kernels, function constants or buffers of their own. */
const ids = [
  'warmup:B=2,Hq=2,Lq=21,Lk=37,D=16,rope=half,gradients=true',
  'warmup:B=2,Hq=2,Lq=21,Lk=37,D=16,dtype=float16,int8=true,gradients=false',
  'warmup:B=2,Hq=2,Lq=21,Lk=37,D=16,int8=true,pageSize=4,kvLengths=random,gradients=false',
  'warmup:B=2,Hq=2,Lq=1,Lk=37,D=16,int8=true,pageSize=4,kvLengths=random,gradients=false',
  'warmup:B=2,Hq=2,Lq=21,Lk=37,D=16,softcap=3,bias=111,alibi=BH,sinks=true,dropout=0.25,gradients=true',
  'warmup:Hq=2,D=16,varlen=17-33+0-3+20-20,bias=1H1,rope=half,gradients=true',
];

describe.skipIf(reason)(`warmup on a Metal device${reason && ` (${reason})`}`, () => {
  it.each(ids)('compiles what a call takes from shapes alone: %s', async (id) => {
    chooseSoftwareDevice({ validate: false });
    const device = openDeviceSync({ backend: 'metal', device: 'software' });
    const { q, k, v, options, dOut } = buildCall(id, caseOf(id).parameters).call;
    const problem = { q, k, v, options: options as AttentionOptions };
    await device.warmup({ ...problem, direction: 'forward' });
    if (dOut) await device.warmup({ ...problem, direction: 'backward' });
    const control = controlSoftwareDevice();
    control.inject('compile', 1, 0);
    control.inject('pipeline', 1, 0);
    try {
      const forward = await device.attention(q, k, v, problem.options);
      if (dOut) {
        const gradients = await device.attentionBackward(
          { q, k, v, ...forward, dOut: dOut as Tensor },
          problem.options,
        );
        expect(gradients.dq.shape).toEqual(q.shape);
      }
      expect(forward.out.shape.at(-1)).toBe(v.shape.at(-1));
    } finally {
      control.clearFaults();
      device.close();
    }
  });
});

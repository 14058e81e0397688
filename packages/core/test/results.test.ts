import * as reference from '@fa-metal/reference';
import { describe, expect, it } from 'vitest';
import {
  type AttentionOptions,
  attention,
  attentionBackward,
  attentionBackwardSync,
  attentionSync,
  openDeviceSync,
} from '../src/index.js';
import { randomTensor } from './random-tensor.js';
import { dOut, k, q, v } from './small-problem.js';

const device = openDeviceSync({ backend: 'cpu' });

describe('results', () => {
  it('have the shapes of the contract', () => {
    const { out, lse, softmaxStats } = device.attentionSync(q, k, v);
    expect(out).toMatchObject({ shape: [2, 4, 5, 16], dtype: 'float32' });
    expect(lse).toMatchObject({ shape: [2, 4, 5], dtype: 'float32' });
    expect(softmaxStats).toMatchObject({ shape: [2, 2, 4, 5], dtype: 'float32' });
    const gradients = device.attentionBackwardSync({ q, k, v, out, lse, dOut });
    expect(gradients.dq.shape).toEqual(q.shape);
    expect(gradients.dk.shape).toEqual(k.shape);
    expect(gradients.dv.shape).toEqual(v.shape);
    expect(Object.keys(gradients)).toEqual(['dq', 'dk', 'dv']);
  });

  it('follow the layout: blhd has [B, L, H, D] in and out, and lse [B, Hq, Lq]', () => {
    const options = { layout: 'blhd' } as const;
    const inputs = [
      randomTensor(1, [2, 5, 4, 8]),
      randomTensor(2, [2, 6, 2, 8]),
      randomTensor(3, [2, 6, 2, 16]),
    ] as const;
    const { out, lse } = device.attentionSync(...inputs, options);
    expect(out.shape).toEqual([2, 5, 4, 16]);
    expect(lse.shape).toEqual([2, 4, 5]);
    const expected = reference.attention({
      q: inputs[0] as never,
      k: inputs[1] as never,
      v: inputs[2] as never,
      options,
    });
    expect(
      (lse.data as Float32Array).every((value, index) => Math.abs(value - (expected.lse.data[index] as number)) < 1e-5),
    ).toBe(true);
  });

  it.each(['float16', 'bfloat16'] as const)('have the dtype of q: %s', (dtype) => {
    const inputs = [randomTensor(1, [1, 1, 3, 8], dtype), randomTensor(2, [1, 1, 3, 8], dtype)] as const;
    const { out, lse } = device.attentionSync(inputs[0], inputs[1], inputs[1]);
    expect(out.dtype).toBe(dtype);
    expect(out.data).toBeInstanceOf(Uint16Array);
    expect(lse.dtype).toBe('float32');
  });

  it('of no rows are there at once, however large the batch', () => {
    const none = (...shape: number[]) => ({ data: new Float32Array(0), shape, dtype: 'float32' }) as const;
    const rows = none(2 ** 40, 1, 0, 8);
    const inputs = { q: rows, k: rows, v: rows };
    const { out, lse } = device.attentionSync(rows, rows, rows);
    expect(out.shape).toEqual(rows.shape);
    const { dq, dk } = device.attentionBackwardSync({ ...inputs, out, lse, dOut: rows });
    expect([dq.shape, dk.shape]).toEqual([rows.shape, rows.shape]);
    const sinks = randomTensor(1, [1]);
    const empty = none(0, 1, 3, 8);
    const nothing = { q: empty, k: empty, v: empty, out: empty, lse: none(0, 1, 3), dOut: empty };
    expect(device.attentionBackwardSync(nothing, { sinks }).dSinks?.data).toEqual(new Float32Array(1));
  });

  it('are the same bits for the same numbers in another kind of view', () => {
    const { data, shape, dtype } = q;
    const { buffer, byteOffset, byteLength } = data;
    const asBytes = { data: new Uint8Array(buffer, byteOffset, byteLength), shape, dtype };
    const asView = { data: new DataView(buffer, byteOffset, byteLength), shape, dtype };
    const expected = device.attentionSync(q, k, v).out;
    expect(device.attentionSync(asBytes, k, v).out).toEqual(expected);
    expect(device.attentionSync(asView, k, v).out).toEqual(expected);
  });

  it('leave out an option that is undefined', () => {
    const options = { causal: undefined, mask: undefined } as unknown as AttentionOptions;
    expect(device.attentionSync(q, k, v, options)).toEqual(device.attentionSync(q, k, v));
  });

  it('need no gradient of a bias that is declared a constant', () => {
    const options = { bias: randomTensor(5, [1, 1, 5, 6]) };
    const forward = device.attentionSync(q, k, v, options);
    const gradients = device.attentionBackwardSync({ q, k, v, ...forward, dOut, needs: { bias: false } }, options);
    expect('dBias' in gradients).toBe(false);
    expect(gradients.dq.data).not.toEqual(new Float32Array(320));
  });

  it('are the same from the default device', async () => {
    const forward = attentionSync(q, k, v);
    expect(await attention(q, k, v)).toEqual(forward);
    const inputs = { q, k, v, ...forward, dOut };
    expect(await attentionBackward(inputs)).toEqual(attentionBackwardSync(inputs));
    expect(forward).toEqual(device.attentionSync(q, k, v));
  });
});

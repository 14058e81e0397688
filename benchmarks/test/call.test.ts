import { openDeviceSync } from '@fa-metal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCall } from '../attention/call.js';
import { normalTensor, scaled } from '../attention/tensors.js';
import type { Problem, ProblemOptions } from '../report/schema.js';

const device = openDeviceSync({ backend: 'cpu', threads: 1 });
afterAll(() => device.close());

const plain: Problem = { batch: 1, heads: 2, queries: 24, keys: 24, headDim: 16, causal: true, dtype: 'float32' };

function forward(problem: Problem) {
  const { q, k, v, options } = makeCall(problem);
  return device.attentionSync(q, k, v, options);
}

const valuesOf = (problem: Problem) => [...(forward(problem).out.data as Float32Array)];

describe('makeCall', () => {
  const trained: ProblemOptions[] = [
    { window: 5 },
    { mask: true },
    { bias: 'constant' },
    { bias: 'gradient' },
    { alibi: true },
    { softcap: 2 },
    { sinks: true },
    { dropout: 0.2 },
    { rope: true },
    { lengths: [7, 1, 16] },
    { peak: 20 },
  ];

  it.each(trained)('turns %o into a call that gives other values', (options) => {
    const usual = valuesOf(plain);
    expect(valuesOf({ ...plain, options })).toHaveLength(usual.length);
    expect(valuesOf({ ...plain, options })).not.toEqual(usual);
  });

  it.each(trained)('has gradients with %o, that of bias where it is wanted', (options) => {
    const { q, k, v, dOut, needs, options: native } = makeCall({ ...plain, options });
    const result = device.attentionSync(q, k, v, native);
    const gradients = device.attentionBackwardSync({ q, k, v, dOut, needs, ...result }, native);
    expect('dBias' in gradients).toBe(options.bias === 'gradient');
  });

  it.each<ProblemOptions>([{ int8: true }, { page: 4 }, { int8: true, page: 16 }])(
    'reads a cache with %o',
    (options) => {
      const decode = { ...plain, batch: 2, kvHeads: 1, queries: 1 };
      const values = valuesOf({ ...decode, options });
      expect(values.every(Number.isFinite)).toBe(true);
      expect(new Set(values).size).toBeGreaterThan(60);
    },
  );

  it('gives the same bits again, and others to each tensor', () => {
    const [first, second] = [makeCall(plain), makeCall(plain)];
    expect(first.q.data).toEqual(second.q.data);
    expect(first.q.data).not.toEqual(first.k.data);
  });
});

describe('normalTensor', () => {
  it('has mean 0 and variance 1', () => {
    const values = normalTensor('any', [300, 1000], 'float32').data as Float32Array;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length - mean ** 2;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(variance).toBeCloseTo(1, 1);
  });

  it('has the bits of its dtype', () => {
    const [wide, half, brain] = (['float32', 'float16', 'bfloat16'] as const).map(
      (dtype) => normalTensor('x', [64], dtype).data,
    );
    const bits = new Uint32Array((wide as Float32Array).slice().buffer);
    expect([...(brain as Uint16Array)]).toEqual([...bits].map((word) => word >>> 16));
    expect([...(half as Uint16Array)].map((word) => word >>> 15)).toEqual([...bits].map((word) => word >>> 31));
  });
});

describe('scaled', () => {
  it.each(['float32', 'float16', 'bfloat16'] as const)('multiplies %s values', (dtype) => {
    const tensor = normalTensor('x', [64], dtype);
    expect(scaled(scaled(tensor, 16), 1 / 16).data).toEqual(tensor.data);
    expect(scaled(tensor, 16).data).not.toEqual(tensor.data);
  });
});

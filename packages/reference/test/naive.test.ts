import { describe, expect, test } from 'vitest';
import {
  attention,
  attentionBackward,
  type FloatDType,
  naiveAttention,
  naiveAttentionBackward,
  roundAll,
  roundTo,
  type Tensor,
} from '../src/index.js';
import { relativeError } from '../test-support/compare.js';
import { randomTensor } from '../test-support/random.js';
import { goldCases, readGoldProblem } from '../test-support/vectors.js';

describe('errs as a plain float32 implementation does', () => {
  // The index holds the error of one that sums in another order, so the two agree to a small factor only.
  test.each(
    goldCases.filter(({ grid }) => grid === 'f32').map((gold) => [`${gold.id} ${gold.category}`, gold] as const),
  )('%s', (_, gold) => {
    const { problem, outputGradients, expected } = readGoldProblem(gold);
    const results: Record<string, Tensor> = {
      ...naiveAttention(problem, 'float32'),
      ...(outputGradients && naiveAttentionBackward(problem, outputGradients, 'float32')),
    };
    const goldNames: Record<string, string> = { dBias: 'dbias', dAlibiSlopes: 'dslopes', dSinks: 'dsinks' };
    for (const [name, { data }] of Object.entries(expected)) {
      const usual = gold.f32_rel_err[goldNames[name] ?? name]!;
      expect(relativeError(results[name]!.data, data), name).toBeLessThanOrEqual(16 * usual + 2e-6);
    }
  });
});

describe.each<FloatDType>(['float32', 'float16', 'bfloat16'])('%s', (dtype) => {
  const tensor = (seed: number, shape: number[]) => ({
    data: roundAll(dtype, randomTensor(seed, shape).data),
    shape,
  });
  const problem = {
    q: tensor(1, [1, 2, 5, 8]),
    k: tensor(2, [1, 1, 7, 8]),
    v: tensor(3, [1, 1, 7, 8]),
    options: { bias: randomTensor(4, [1, 1, 1, 7]) },
  };
  const dOut = tensor(5, [1, 2, 5, 8]);
  const step = { float32: 2 ** -24, float16: 2 ** -11, bfloat16: 2 ** -8 }[dtype];

  test('out and gradients are numbers of the dtype, the rest float32', () => {
    const { out, lse } = naiveAttention(problem, dtype);
    const { dq, dk, dv, dBias } = naiveAttentionBackward(problem, { dOut }, dtype);
    for (const { data } of [out, dq, dk, dv]) expect(data).toEqual(roundAll(dtype, data));
    for (const { data } of [lse, dBias!]) expect(data).toEqual(roundAll('float32', data));
    if (dtype !== 'float32') expect(dBias!.data).not.toEqual(roundAll(dtype, dBias!.data));
  });

  test('the error is about one rounding, and not zero', () => {
    const errors = [
      relativeError(naiveAttention(problem, dtype).out.data, attention(problem).out.data),
      relativeError(
        naiveAttentionBackward(problem, { dOut }, dtype).dk.data,
        attentionBackward(problem, { dOut }).dk.data,
      ),
    ];
    for (const error of errors) {
      expect(error).toBeGreaterThan(0.05 * step);
      expect(error).toBeLessThan(12 * step);
    }
  });
});

test('rounds after every operation, in order', () => {
  const scalar = (...data: number[]): Tensor => ({
    data: Float64Array.from(data),
    shape: [1, 1, 1, data.length],
  });
  const [q, k] = [[0.1, 0.2, 0.3].map(Math.fround), [0.7, 1.1, -0.4].map(Math.fround)];
  const f = Math.fround;
  const dot = f(f(f(q[0]! * k[0]!) + f(q[1]! * k[1]!)) + f(q[2]! * k[2]!));
  const { lse } = naiveAttention(
    { q: scalar(...q), k: scalar(...k), v: scalar(1), options: { scale: 0.3 } },
    'float32',
  );
  expect(lse.data[0]).toBe(f(f(0.3) * dot));
  expect(lse.data[0]).not.toBe(
    attention({ q: scalar(...q), k: scalar(...k), v: scalar(1), options: { scale: 0.3 } }).lse.data[0],
  );
  expect(roundTo('float32', lse.data[0]!)).toBe(lse.data[0]);
});

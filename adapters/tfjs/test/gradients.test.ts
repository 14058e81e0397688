import { supportedGradients } from '@fa-metal/core';
import { attentionBackward, attention as reference } from '@fa-metal/reference';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AttentionOptions, attention, attentionWithLse, register } from '../src/index.js';
import { errorOf } from './support/errors.js';
import { routeNames, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

const shapes = { q: [2, 4, 9, 8], k: [2, 2, 11, 8], v: [2, 2, 11, 16], out: [2, 4, 9, 16], lse: [2, 4, 9] };
const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const host = (tensor: Tensor) => ({ data: Float64Array.from(tensor.dataSync()), shape: tensor.shape });

/** Names of the kernels that tfjs runs in `body`. */
function kernelRuns(body: () => void): string[] {
  const runs: string[] = [];
  const engine = tf.engine();
  const runKernel = engine.runKernel;
  engine.runKernel = function (this: typeof engine, ...call: Parameters<typeof runKernel>) {
    runs.push(call[0]);
    return runKernel.apply(this, call);
  } as typeof runKernel;
  try {
    body();
  } finally {
    engine.runKernel = runKernel;
  }
  return runs;
}

describe.each(routeNames)('route %s', (route) => {
  beforeEach(() => {
    register(tf, { route });
  });

  test('gradients of out and lse together agree with the reference', () => {
    const [q, k, v] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3)];
    const [dOut, dLse] = [random(shapes.out, 4), random(shapes.lse, 5)];
    const options = { causal: 'bottomRight' } as const;
    const loss = (...inputs: Tensor[]) => {
      const { out, lse } = attentionWithLse(...(inputs as [Tensor, Tensor, Tensor]), options);
      return out.mul(dOut).sum().add(lse.mul(dLse).sum());
    };
    const gradients = tf.grads(loss)([q, k, v]);
    const problem = { q: host(q), k: host(k), v: host(v), options };
    const expected = attentionBackward(problem, { dOut: host(dOut), dLse: host(dLse) });
    [expected.dq, expected.dk, expected.dv].forEach(({ data }, index) => {
      const actual = (gradients[index] as Tensor).dataSync();
      data.forEach((value, at) => expect(Math.abs((actual[at] ?? NaN) - value)).toBeLessThan(2e-5));
    });
    expect(reference(problem).out.shape).toEqual(shapes.out);
  });

  test('q, k, v may be one tensor, whose gradient is the sum', () => {
    const x = random([1, 2, 5, 8], 1);
    const whole = tf.grad((y: Tensor) => attention(y, y, y).square().sum())(x);
    const parts = tf.grads((q: Tensor, k: Tensor, v: Tensor) => attention(q, k, v).square().sum())([
      x,
      x.clone(),
      x.clone(),
    ]);
    const sum = tf.addN(parts as never);
    expect(whole.sub(sum).abs().max().dataSync()[0]).toBeLessThan(1e-6);
  });

  test('the backward pass runs once for all gradients', () => {
    const [q, k, v] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3)];
    const runs = kernelRuns(() => {
      tf.grads((...inputs: Tensor[]) => attention(...(inputs as [Tensor, Tensor, Tensor])).sum())([q, k, v]);
    });
    expect(runs.filter((name) => /^FaMetalAttentionGrad/.test(name))).toHaveLength(1);
    expect(runs.filter((name) => /^FaMetalAttention\d*$/.test(name))).toHaveLength(1);
  });

  test('a mask on the tape gets no gradient, its neighbours do', () => {
    const q = random(shapes.q, 1);
    const mask = tf.randomUniform([1, 1, 9, 11], 0, 2, 'int32', 6).cast('bool');
    const dq = tf.grad((x: Tensor) => attention(x, random(shapes.k, 2), random(shapes.v, 3), { mask }).sum())(q);
    expect(dq.abs().sum().dataSync()[0]).toBeGreaterThan(0);
  });

  test('the gradient of a gradient is our error', () => {
    const [q, k, v] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3)];
    const first = tf.grad((x: Tensor) => attention(x, k, v).square().sum());
    const error = errorOf(() => tf.grad((x: Tensor) => first(x).square().sum())(q));
    expect(error.code).toBe('UNSUPPORTED_GRADIENT');
    expect(error.message).toContain('gradient of a gradient');
  });

  const computed = route === 'composed' || supportedGradients.bias.cpu;
  test(`the gradient of a bias ${computed ? 'is computed' : 'is refused by name when it is asked for'}`, () => {
    const [q, k, v, bias] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3), random([1, 4, 9, 11], 7)];
    const constant = tf.grad((x: Tensor) => attention(x, k, v, { bias }).sum())(q);
    expect(constant.shape).toEqual(shapes.q);
    const differentiate = () => tf.grad((b: Tensor) => attention(q, k, v, { bias: b }).square().sum())(bias);
    if (computed) {
      expect(differentiate().shape).toEqual(bias.shape);
    } else {
      expect(errorOf(differentiate)).toMatchObject({ code: 'UNSUPPORTED_GRADIENT', argument: 'bias' });
    }
  });

  test.runIf(computed)('a bias that is learnt costs no second run, one that tfjs did not record does', () => {
    const [q, k, v, bias] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3), random([1, 4, 9, 11], 7)];
    const variable = tf.variable(bias);
    const loss = (b: Tensor) => attention(q, k, v, { bias: b }).square().sum();
    const gradients: Tensor[] = [];
    const runs = (body: () => Tensor) => {
      const counted = kernelRuns(() => gradients.push(body()));
      return counted.filter((name) => /^FaMetalAttentionGrad/.test(name)).length;
    };
    expect(runs(() => tf.grad(loss)(bias))).toBe(2);
    expect(runs(() => tf.grad((x: Tensor) => loss(x.mul(1)))(bias))).toBe(1);
    expect(runs(() => tf.variableGrads(() => loss(variable) as never, [variable]).grads[variable.name] as Tensor)).toBe(
      1,
    );
    const [first] = gradients.map((gradient) => gradient.dataSync());
    for (const gradient of gradients) expect(gradient.dataSync()).toEqual(first);
    variable.dispose();
  });

  test('an offset that changes in every call', () => {
    const [q, k, v] = [random(shapes.q, 1), random(shapes.k, 2), random(shapes.v, 3)];
    const sums = [-3, 0, 2, 2 ** 40, -(2 ** 40)].map((offset) => {
      const options: AttentionOptions = { causal: { offset } };
      const expected = reference({ q: host(q), k: host(k), v: host(v), options: { causal: { offset } } }).out.data;
      const actual = attention(q, k, v, options).dataSync();
      return Math.max(...actual.map((value, at) => Math.abs(value - (expected[at] as number))));
    });
    expect(Math.max(...sums)).toBeLessThan(2e-6);
  });
});

import { afterAll, expect, test } from 'vitest';
import { attention, info, register } from '../src/index.js';
import { routeNames, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

afterAll(() => {
  register(tf);
});

const [batch, length, heads, kvHeads, width] = [2, 24, 4, 2, 8] as const;
const units = heads * width;
const rowsOfProjection = heads + 2 * kvHeads;
const steps = 50;

const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 0.3, 'float32', seed);

/**
 * Losses of an attention layer that learns to copy its input shifted by one position: dropout with a seed of each step,
 * slopes of ALiBi that are learnt too, a causal window, two query heads for each key/value head.
 *
 * @param nudge factor on the first weights; 1 + 2^-23 moves each by about one rounding step
 */
function train(nudge = 1): number[] {
  return tf.tidy(() => {
    const x = random([batch, length, units], 1).mul(3) as Tensor;
    const target = tf.concat([tf.zeros([batch, 1, units]), x.slice([0, 0, 0], [batch, length - 1, units])], 1);
    const weights = {
      projection: tf.variable(random([units, rowsOfProjection * width], 10).mul(nudge)),
      out: tf.variable(random([units, units], 20)),
      slopes: tf.variable(tf.tensor1d([0.5, 0.25, 0.125, 0.0625])),
    };
    const loss = (step: number) => {
      const qkv = x
        .reshape([batch * length, units])
        .matMul(weights.projection as never)
        .reshape([batch, length, rowsOfProjection, width]);
      const [q, k, v] = tf.split(qkv, [heads, kvHeads, kvHeads], 2) as [Tensor, Tensor, Tensor];
      const mixed = attention(q, k, v, {
        layout: 'blhd',
        causal: 'topLeft',
        window: { left: 9, right: 0 },
        alibiSlopes: weights.slopes as never,
        dropout: { rate: 0.2, seed: 0x1_0000_0000n + BigInt(step) },
      });
      const y = mixed.reshape([batch * length, units]).matMul(weights.out as never) as Tensor;
      return y.reshape(x.shape).sub(target).square().mean() as never;
    };
    const optimizer = tf.train.momentum(0.05, 0.9);
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      losses.push((optimizer.minimize(() => loss(step), true) as Tensor).dataSync()[0] as number);
    }
    losses.push(...(weights.slopes.dataSync() as Float32Array));
    optimizer.dispose();
    tf.dispose(weights);
    return losses;
  });
}

const worst = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, index) => Math.abs(value / (b[index] as number) - 1)));

test('dropout, ALiBi, window and grouped heads train alike on every route, for 50 steps', () => {
  register(tf, { route: 'composed' });
  const composed = train();
  // What float32 rounding alone does to the curve: the same route, its first weights moved by a rounding step.
  const rounding = worst(train(1 + 2 ** -23), composed);
  expect(rounding).toBeGreaterThan(0);
  expect(rounding).toBeLessThan(1e-4);
  expect(composed[steps - 1]).toBeLessThan(0.8 * (composed[0] as number));
  // The slopes moved, so their gradient counted.
  expect(Math.abs((composed[steps] as number) / 0.5 - 1)).toBeGreaterThan(1e-3);

  for (const route of routeNames) {
    register(tf, { route });
    expect(info().route).toBe(route);
    const difference = worst(train(), composed);
    console.log(
      `${route}: at most ${difference.toExponential(1)} from the composed curve, rounding ${rounding.toExponential(1)}`,
    );
    expect(difference).toBeLessThan(8 * rounding);
  }
});

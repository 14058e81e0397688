import { afterAll, expect, test } from 'vitest';
import { attention, improveGradients, register } from '../src/index.js';
import { routeNames, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

afterAll(() => {
  register(tf);
});

/** Losses of a two-layer attention network with layer norms that learns to copy its input shifted by one position. */
function train(steps: number): number[] {
  const [batch, length, heads, width] = [4, 12, 2, 8] as const;
  const units = heads * width;
  const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 0.3, 'float32', seed);
  return tf.tidy(() => {
    const x = random([batch, length, units], 1).mul(3) as Tensor;
    const target = tf.concat([tf.zeros([batch, 1, units]), x.slice([0, 0, 0], [batch, length - 1, units])], 1);
    const layers = [0, 1].map((layer) => ({
      projection: tf.variable(random([units, 3 * units], 10 + layer)),
      out: tf.variable(random([units, units], 20 + layer)),
      gain: tf.variable(tf.ones([1, 1, units])),
    }));
    const block = (h: Tensor, { projection, out, gain }: (typeof layers)[number]) => {
      const normed = h.div(h.square().mean(-1, true).sqrt().add(1e-3)).mul(tf.tile(gain as never, [batch, length, 1]));
      const qkv = normed
        .reshape([batch * length, units])
        .matMul(projection as never)
        .reshape([batch, length, 3 * heads, width]);
      const [q, k, v] = tf.split(qkv, 3, 2) as [Tensor, Tensor, Tensor];
      const mixed = attention(q, k, v, { layout: 'blhd', causal: 'topLeft' });
      return h.add(
        mixed
          .reshape([batch * length, units])
          .matMul(out as never)
          .reshape(h.shape),
      ) as Tensor;
    };
    const optimizer = tf.train.adam(0.01);
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const loss = () => layers.reduce(block, x).sub(target).square().mean() as never;
      losses.push((optimizer.minimize(loss, true) as Tensor).dataSync()[0] as number);
    }
    optimizer.dispose();
    tf.dispose(layers);
    return losses;
  });
}

test('a two-layer network learns on every route, with the same losses', () => {
  const curves = routeNames.map((route) => {
    register(tf, { route });
    return train(40);
  });
  const undo = improveGradients(tf);
  curves.push(train(40));
  undo();
  const [first = []] = curves;
  expect(first.at(-1)).toBeLessThan(0.5 * (first[0] as number));
  for (const curve of curves) {
    curve.forEach((loss, step) => expect(Math.abs(loss - (first[step] as number))).toBeLessThan(1e-3 * loss));
  }
});

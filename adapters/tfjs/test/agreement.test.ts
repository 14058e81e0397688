import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type AttentionOptions, attention, register } from '../src/index.js';
import { routeNames, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

afterAll(() => {
  register(tf);
});

const length = fc.integer({ min: 1, max: 40 });
const offset = fc.record({ offset: fc.integer({ min: -45, max: 45 }) });
const call = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  kvHeads: fc.integer({ min: 1, max: 2 }),
  group: fc.integer({ min: 1, max: 3 }),
  queries: length,
  keys: length,
  width: fc.integer({ min: 1, max: 20 }),
  valueWidth: fc.integer({ min: 1, max: 20 }),
  layout: fc.constantFrom('bhld' as const, 'blhd' as const),
  causal: fc.oneof(fc.constantFrom('none' as const, 'topLeft' as const, 'bottomRight' as const), offset),
  window: fc.record({ left: fc.integer({ min: -1, max: 9 }), right: fc.integer({ min: -1, max: 9 }) }),
  masked: fc.boolean(),
});
type Drawn = typeof call extends fc.Arbitrary<infer T> ? T : never;

function inputsOf({ batch, kvHeads, group, queries, keys, width, valueWidth, layout, causal, window, masked }: Drawn) {
  const shape = (heads: number, rows: number, last: number) =>
    layout === 'bhld' ? [batch, heads, rows, last] : [batch, rows, heads, last];
  const random = (size: number[], seed: number) => tf.randomNormal(size, 0, 1, 'float32', seed) as Tensor;
  const mask = tf.randomUniform([batch, 1, queries, keys], 0, 1, 'float32', 4).greater(0.3);
  const options: AttentionOptions = { layout, causal, window, ...(masked && { mask }) };
  const tensors = [
    shape(group * kvHeads, queries, width),
    shape(kvHeads, keys, width),
    shape(kvHeads, keys, valueWidth),
  ];
  return { tensors: tensors.map((size, index) => random(size, index + 1)), options };
}

test('every route gives the same results and gradients, whatever the sizes and options', () => {
  fc.assert(
    fc.property(call, (drawn) => {
      const results = routeNames.map((route) => {
        register(tf, { route });
        let values: number[] = [];
        tf.tidy(() => {
          const { tensors, options } = inputsOf(drawn);
          const loss = (q: Tensor, k: Tensor, v: Tensor) => attention(q, k, v, options).square().sum() as Tensor;
          const { value, grads } = tf.valueAndGrads(loss as never)(tensors);
          values = [value, ...grads].flatMap((tensor) => [...tensor.dataSync()]);
        });
        return values;
      });
      const [copy = [], composed = []] = results.slice(-2);
      expect(results[0]).toEqual(copy); // the same kernels on the same numbers
      const largest = Math.max(...copy.map(Math.abs));
      composed.forEach((value, index) =>
        expect(Math.abs(value - (copy[index] ?? NaN))).toBeLessThanOrEqual(1e-5 * (1 + largest)),
      );
    }),
    { numRuns: 60, seed: 20261121 },
  );
});

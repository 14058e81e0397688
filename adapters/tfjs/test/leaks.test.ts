import { beforeEach, describe, expect, test } from 'vitest';
import { attention, attentionWithLse, register } from '../src/index.js';
import { mainBackend, nativeTensorCount, places, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;

describe.each(places)('route %s on %s', (route, backend) => {
  beforeEach(() => {
    tf.setBackend(backend);
    register(tf, { route });
    return () => {
      tf.setBackend(mainBackend);
    };
  });

  test('no tensor is left behind, in tfjs or in TensorFlow', () => {
    const inputs = [1, 2, 3].map((seed) => tf.randomNormal([1, 2, 7, 8], 0, 1, 'float32', seed)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const bias = tf.ones([1, 1, 7, 7]);
    const mask = tf.ones([1, 1, 1, 7], 'bool');
    const round = () => {
      attention(...inputs, { causal: { offset: 1 }, bias, mask }).dispose();
      const { out, lse } = attentionWithLse(...inputs);
      out.dispose();
      lse.dispose();
      const { value, grads } = tf.valueAndGrads((...x: Tensor[]) => attention(...(x as typeof inputs), { mask }).sum())(
        inputs,
      );
      tf.dispose([value, ...grads]);
      expect(() => attention(inputs[0], inputs[1], bias)).toThrow('v: expected shape');
      expect(() => attention(...inputs, { causal: true as never })).toThrow('causal');
    };
    round(); // inputs move to TensorFlow at their first use
    const before = count();
    for (let i = 0; i < 5; i++) round();
    expect(count()).toEqual(before);
    tf.dispose([...inputs, bias, mask]);
  });

  test("tfjs's own check for leaks inside kernels passes", () => {
    tf.env().set('IS_TEST', true);
    try {
      const x = tf.ones([1, 1, 3, 8]);
      tf.dispose(tf.grad((y: Tensor) => attention(y, y, y).sum())(x));
      x.dispose();
    } finally {
      tf.env().set('IS_TEST', false);
    }
  });

  test('registering again leaves nothing behind', () => {
    const before = count();
    for (let i = 0; i < 3; i++) register(tf, { route });
    expect(count()).toEqual(before);
  });

  function count() {
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    return { numTensors, numBytes, numDataBuffers, native: nativeTensorCount() };
  }
});

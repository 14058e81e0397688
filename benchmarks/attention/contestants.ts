import type { Device, Tensor } from '@fa-metal/core';
import type { TensorFlow } from '../demo/tensorflow.js';
import { nameOf, operations, type Shape } from './shapes.js';
import { type Contestant, local } from './timing.js';

type Tensor4D = import('@tensorflow/tfjs-node').Tensor4D;

/** q, k, v and dOut of one shape, the same numbers for every contestant. */
export interface Inputs {
  readonly shape: Shape;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly dOut: Tensor;
}

/** Our op through @fa-metal/core, forward and forward+backward. */
export function fused(device: Device, { shape, q, k, v, dOut }: Inputs): [Contestant, Contestant] {
  const options = { causal: shape.causal ? 'topLeft' : 'none' } as const;
  const name = `fa-metal ${device.info.isa ?? ''}`.trim();
  const forward = () => device.attentionSync(q, k, v, options);
  const both = () => device.attentionBackwardSync({ q, k, v, dOut, ...forward() }, options);
  return [local(name, operations(shape, 'forward'), forward), local(name, operations(shape, 'forward+backward'), both)];
}

/** tfjs's own ops, as its users write attention today. */
export function stock(tf: TensorFlow, { shape, q, k, v, dOut }: Inputs): [Contestant, Contestant] {
  const four = (x: Tensor) => tf.tensor4d(x.data as Float32Array, x.shape as [number, number, number, number]);
  const inputs: [Tensor4D, Tensor4D, Tensor4D] = [four(q), four(k), four(v)];
  const seed = four(dOut);
  const attend = stockAttention(tf, shape);
  const gradients = tf.grads((...args) => attend(...(args as typeof inputs)));
  const forward = () => attend(...inputs).dispose();
  const both = () => tf.dispose(gradients(inputs, seed));
  return [
    local('tfjs-node', operations(shape, 'forward'), forward),
    local('tfjs-node', operations(shape, 'forward+backward'), both),
  ];
}

/** Unfused attention of one shape on [1, H, L, D] tensors; the causal mask is made once. */
export function stockAttention(tf: TensorFlow, { length, headDim, causal }: Shape) {
  const future = causal ? tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)).mul(-1e9) : undefined;
  return (q: Tensor4D, k: Tensor4D, v: Tensor4D) =>
    tf.tidy(() => {
      const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(headDim));
      return tf.matMul(tf.softmax(future ? scores.add(future) : scores), v);
    });
}

/** Throws when our output differs from the unfused one by more than float32 rounding over L keys allows. */
export function checkAgreement(tf: TensorFlow, device: Device, { shape, q, k, v }: Inputs): void {
  const [ours] = [device.attentionSync(q, k, v, { causal: shape.causal ? 'topLeft' : 'none' }).out];
  const worst = tf.tidy(() => {
    const [a, b, c] = [q, k, v].map((x) =>
      tf.tensor4d(x.data as Float32Array, x.shape as [number, number, number, number]),
    );
    const theirs = stockAttention(tf, shape)(a as Tensor4D, b as Tensor4D, c as Tensor4D);
    return tf
      .max(tf.abs(tf.sub(theirs, tf.tensor(ours.data as Float32Array, [...ours.shape]))))
      .dataSync()[0] as number;
  });
  if (!(worst < 1e-5))
    throw new Error(`${nameOf(shape)}: expected the peers to agree to 1e-5, they differ by ${worst}`);
}

import type { Device, Tensor } from '@fa-metal/core';
import type { TensorFlow } from '../demo/tensorflow.js';
import { nameOf, operations, type Shape } from './shapes.js';
import type { Contestant } from './timing.js';

type Tensor4D = import('@tensorflow/tfjs-node').Tensor4D;

/** q, k, v and dOut of one shape, the same numbers for every contestant. */
export interface Inputs {
  readonly shape: Shape;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly dOut: Tensor;
}

/** A square product large enough to run at the machine's full rate: what "SGEMM" means in every share. */
export function sgemm(tf: TensorFlow, size = 1536): Contestant {
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  return { name: 'SGEMM', operations: 2 * size ** 3, run: () => tf.matMul(a, b).dispose() };
}

/** Our op through @fa-metal/core, forward and forward+backward. */
export function fused(device: Device, { shape, q, k, v, dOut }: Inputs): Contestant[] {
  const options = { causal: shape.causal ? 'topLeft' : 'none' } as const;
  const forward = () => device.attentionSync(q, k, v, options);
  return [
    { name: `fa-metal ${device.info.isa ?? ''}`.trim(), operations: operations(shape, 'forward'), run: forward },
    {
      name: `fa-metal ${device.info.isa ?? ''}`.trim(),
      operations: operations(shape, 'forward+backward'),
      run: () => device.attentionBackwardSync({ q, k, v, dOut, ...forward() }, options),
    },
  ];
}

/** tfjs's own ops, as its users write attention today. */
export function stock(tf: TensorFlow, { shape, q, k, v, dOut }: Inputs): Contestant[] {
  const tensors = [q, k, v].map((x) => tf.tensor4d(x.data as Float32Array, x.shape as [number, number, number, number]));
  const seed = tf.tensor(dOut.data as Float32Array, [...dOut.shape]);
  const attend = stockAttention(tf, shape);
  const gradients = tf.grads((...args) => attend(...(args as [Tensor4D, Tensor4D, Tensor4D])));
  return [
    { name: 'tfjs-node', operations: operations(shape, 'forward'), run: () => attend(...(tensors as [Tensor4D, Tensor4D, Tensor4D])).dispose() },
    {
      name: 'tfjs-node',
      operations: operations(shape, 'forward+backward'),
      run: () => tf.dispose(gradients(tensors, seed)),
    },
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
    const [a, b, c] = [q, k, v].map((x) => tf.tensor4d(x.data as Float32Array, x.shape as [number, number, number, number]));
    const theirs = stockAttention(tf, shape)(a as Tensor4D, b as Tensor4D, c as Tensor4D);
    return tf.max(tf.abs(tf.sub(theirs, tf.tensor(ours.data as Float32Array, [...ours.shape])))).dataSync()[0] as number;
  });
  if (!(worst < 1e-5)) throw new Error(`${nameOf(shape)}: expected the peers to agree to 1e-5, they differ by ${worst}`);
}

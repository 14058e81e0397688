import type { GradientName } from '@fa-metal/core';
import type { CallAttributes } from '../../call.js';
import type { Tensor, TensorFlow } from '../../tensorflow.js';
import { type Prepared, prepare, type Softmax, softmax } from './forward.js';
import { fromRows, lseToRows, toRows } from './rows.js';
import { foldHeads, hideInvisible } from './scores.js';
import { weightedSum } from './weighted-sum.js';

/** dq, dk, dv, then the gradients that `call.gradients` names. */
export function composedBackward(tf: TensorFlow, tensors: readonly Tensor[], call: CallAttributes): Tensor[] {
  const prepared = prepare(tf, 'attentionBackward', tensors, call);
  const { problem, tensors: named } = prepared;
  const { B, Hq, Lq, Lk } = problem;
  const forward = softmax(tf, prepared);
  const { probabilities, visible, keep } = forward;
  const dOut = toRows(tf, problem, named, 'dOut', 'queries');
  const dLse = lseToRows(tf, problem, named.get('dLse') as Tensor);

  const products = tf.matMul(foldHeads(dOut, problem), prepared.v, false, true).reshape([B, Hq, Lq, Lk]);
  const dP = hideInvisible(tf, visible, keep ? products.mul(keep) : products);
  // In exact arithmetic sum(dOut * out). Summed this way a row that sees one key cancels to exactly 0.
  const mean = probabilities.mul(dP).sum(-1, true);
  const dBiased = hideInvisible(tf, visible, probabilities.mul(dP.sub(mean).add(dLse)));
  return [
    ...inputGradients(tf, { prepared, forward, dBiased, dOut }),
    ...optionGradients(tf, { prepared, forward, dBiased, delta: mean.sub(dLse) }, call.gradients),
  ];
}

interface ScoreGradient {
  prepared: Prepared;
  forward: Softmax;
  /** With respect to the scores after bias and ALiBi. */
  dBiased: Tensor;
}

function inputGradients(
  tf: TensorFlow,
  { prepared, forward, dBiased, dOut }: ScoreGradient & { dOut: Tensor },
): Tensor[] {
  const { problem, q, k, rotate } = prepared;
  const { B, Hq, Lq, D, scale, softcap } = problem;
  const { probabilities, visible, tanh, keep } = forward;
  const dScores = (softcap !== undefined && tanh ? dBiased.mul(tf.sub(1, tanh.square())) : dBiased).mul(scale);
  const seen = visible && foldHeads(visible.broadcastTo(dBiased.shape), problem);
  const transposed = (rows: Tensor) => rows.transpose([0, 1, 3, 2]);
  const folded = foldHeads(dScores, problem);
  const dq = weightedSum(tf, { weights: folded, rows: k, visible: seen, probabilities: false });
  const overRows = (weights: Tensor, rows: Tensor) =>
    weightedSum(tf, {
      weights: transposed(weights),
      rows: foldHeads(rows, problem),
      visible: seen && transposed(seen),
      probabilities: false,
    });
  const dk = overRows(folded, q);
  const dv = overRows(foldHeads(keep ? probabilities.mul(keep) : probabilities, problem), dOut);
  return [
    fromRows(tf, problem, rotate.queries(dq.reshape([B, Hq, Lq, D]), -1), 'queries'),
    fromRows(tf, problem, rotate.keys(dk, -1), 'keys'),
    fromRows(tf, problem, dv, 'keys'),
  ];
}

function optionGradients(
  tf: TensorFlow,
  { prepared, forward, dBiased, delta }: ScoreGradient & { delta: Tensor },
  wanted: readonly GradientName[],
): Tensor[] {
  const { tensors, problem } = prepared;
  const compute: Readonly<Record<GradientName, (option: Tensor) => Tensor>> = {
    bias: (bias) => dBiased.sum(broadcastAxes(bias.shape, dBiased.shape), true),
    alibiSlopes: (slopes) => {
      const perHead = dBiased
        .mul(forward.distance as Tensor)
        .neg()
        .sum([2, 3]);
      return slopes.rank === 2 ? perHead : perHead.sum(0);
    },
    sinks: (sinks) => {
      const share = sinks.reshape([1, problem.Hq, 1, 1]).sub(forward.lse).exp();
      // A row without keys and without a sink has no share to take.
      const counted = tf.where(forward.lse.equal(-Infinity), tf.zerosLike(delta), share.mul(delta));
      return counted.neg().sum([0, 2, 3]);
    },
  };
  return wanted.map((name) => compute[name](tensors.get(name) as Tensor));
}

/** Axes along which a tensor of size 1 was repeated. */
function broadcastAxes(from: readonly number[], to: readonly number[]): number[] {
  return from.map((size, axis) => (size === 1 && to[axis] !== 1 ? axis : -1)).filter((axis) => axis >= 0);
}

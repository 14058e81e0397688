import type { CallAttributes } from '../../call.js';
import type { Tensor, TensorFlow } from '../../tensorflow.js';
import { type Prepared, prepare, type Softmax, softmax, toLayout } from './forward.js';
import { foldHeads, hideInvisible } from './scores.js';
import { weightedSum } from './weighted-sum.js';

/** dq, dk, dv, then dBias, dAlibiSlopes, dSinks of those that are among the inputs, in the order of the inputs. */
export function composedBackward(tf: TensorFlow, tensors: readonly Tensor[], call: CallAttributes): Tensor[] {
  const prepared = prepare('attentionBackward', tensors, call);
  const { problem, q, k } = prepared;
  const { B, Hq, Lq, Lk, D, scale, softcap } = problem;
  const forward = softmax(tf, prepared);
  const { probabilities, visible, tanh } = forward;
  const dOut = toLayout(prepared.tensors.get('dOut') as Tensor, problem);
  const dLse = (prepared.tensors.get('dLse') as Tensor).expandDims(-1);

  const dP = hideInvisible(
    tf,
    visible,
    tf.matMul(foldHeads(dOut, problem), prepared.v, false, true).reshape([B, Hq, Lq, Lk]),
  );
  // In exact arithmetic sum(dOut * out). Summed this way a row that sees one key cancels to exactly 0.
  const mean = probabilities.mul(dP).sum(-1, true);
  const dBiased = hideInvisible(tf, visible, probabilities.mul(dP.sub(mean).add(dLse)));
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
  const dv = overRows(foldHeads(probabilities, problem), dOut);
  return [
    ...[dq.reshape([B, Hq, Lq, D]), dk, dv].map((gradient) => toLayout(gradient, problem)),
    ...optionGradients({ prepared, forward, dBiased, delta: mean.sub(dLse) }, call),
  ];
}

interface ScoreGradient {
  prepared: Prepared;
  forward: Softmax;
  /** With respect to the scores after bias and ALiBi. */
  dBiased: Tensor;
  /** Of each row, [B, Hq, Lq, 1]. */
  delta: Tensor;
}

function optionGradients({ prepared, forward, dBiased, delta }: ScoreGradient, { inputs }: CallAttributes): Tensor[] {
  const { tensors, problem } = prepared;
  const { Hq } = problem;
  const compute: Readonly<Record<string, (option: Tensor) => Tensor>> = {
    bias: (bias) => dBiased.sum(broadcastAxes(bias.shape, dBiased.shape), true),
    alibiSlopes: (slopes) => {
      const perHead = dBiased
        .mul(forward.distance as Tensor)
        .neg()
        .sum([2, 3]);
      return slopes.rank === 2 ? perHead : perHead.sum(0);
    },
    sinks: (sinks) => {
      const share = sinks.reshape([1, Hq, 1]).sub(forward.lse).exp();
      return share
        .mul(delta.squeeze([-1]))
        .neg()
        .sum([0, 2]);
    },
  };
  return inputs
    .filter((name) => Object.hasOwn(compute, name))
    .map((name) => compute[name]!(tensors.get(name) as Tensor));
}

/** Axes along which a tensor of size 1 was repeated. */
function broadcastAxes(from: readonly number[], to: readonly number[]): number[] {
  return from.map((size, axis) => (size === 1 && to[axis] !== 1 ? axis : -1)).filter((axis) => axis >= 0);
}

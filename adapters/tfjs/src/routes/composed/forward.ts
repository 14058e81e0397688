import type { CallAttributes } from '../../call.js';
import type { Tensor, TensorFlow } from '../../tensorflow.js';
import { byName } from '../route.js';
import { type Problem, readProblem } from './problem.js';
import { computeScores, foldHeads, hideInvisible, type ScoreInputs, type Scores } from './scores.js';
import { weightedSum } from './weighted-sum.js';

/** A call with q, k, v in layout `bhld`. */
export interface Prepared {
  problem: Problem;
  tensors: Map<string, Tensor>;
  q: Tensor;
  k: Tensor;
  v: Tensor;
  inputs: ScoreInputs;
}

/** Probabilities and what they were normalised by. */
export interface Softmax extends Scores {
  /** [B, Hq, Lq, Lk]; rows that see no key are 0. */
  probabilities: Tensor;
  /** [B, Hq, Lq] */
  lse: Tensor;
}

/** out, lse, and an empty tensor for the statistics, which the gradient here does not need. */
export function composedForward(tf: TensorFlow, tensors: readonly Tensor[], call: CallAttributes): Tensor[] {
  const prepared = prepare('attention', tensors, call);
  const { probabilities, visible, lse } = softmax(tf, prepared);
  const { problem, v } = prepared;
  const { B, Hq, Lq, Dv } = problem;
  const sum = weightedSum(tf, {
    weights: foldHeads(probabilities, problem),
    rows: v,
    visible: visible && foldHeads(visible.broadcastTo(probabilities.shape), problem),
    probabilities: true,
  });
  return [toLayout(sum.reshape([B, Hq, Lq, Dv]), problem), lse, tf.zeros([0])];
}

export function prepare(operation: string, all: readonly Tensor[], call: CallAttributes): Prepared {
  const problem = readProblem(operation, all, call);
  const tensors = byName(call.inputs, all);
  const rows = (name: string) => toLayout(tensors.get(name) as Tensor, problem);
  return {
    problem,
    tensors,
    q: rows('q'),
    k: rows('k'),
    v: rows('v'),
    inputs: {
      mask: tensors.get('mask'),
      bias: tensors.get('bias'),
      alibiSlopes: tensors.get('alibiSlopes'),
      sinks: tensors.get('sinks'),
    },
  };
}

/** Between the caller's layout and `bhld`, either way. */
export function toLayout(rows: Tensor, { layout }: Problem): Tensor {
  return layout === 'blhd' ? rows.transpose([0, 2, 1, 3]) : rows;
}

export function softmax(tf: TensorFlow, { problem, q, k, inputs }: Prepared): Softmax {
  const computed = computeScores(tf, problem, q, k, inputs);
  const { scores, visible } = computed;
  const sinks = inputs.sinks?.reshape([1, problem.Hq, 1, 1]);
  const highest = problem.Lk > 0 ? scores.max(-1, true) : tf.fill([...scores.shape.slice(0, 3), 1], -Infinity);
  const reference = finiteOrZero(tf, sinks ? tf.maximum(highest, sinks) : highest);
  const weights = scores.sub(reference).exp();
  let denominator = weights.sum(-1, true);
  if (sinks) denominator = denominator.add(sinks.sub(reference).exp());
  const divisor = tf.where(denominator.equal(0), tf.onesLike(denominator), denominator);
  return {
    ...computed,
    // A row that is NaN throughout must not pass that on to keys that it does not see.
    probabilities: hideInvisible(tf, visible, weights.div(divisor)),
    lse: reference.add(denominator.log()).squeeze([-1]),
  };
}

/** -Infinity is the maximum of a row that sees no key: 0 there, so that no Infinity - Infinity arises. */
function finiteOrZero(tf: TensorFlow, maximum: Tensor): Tensor {
  return tf.where(maximum.equal(-Infinity), tf.zerosLike(maximum), maximum);
}

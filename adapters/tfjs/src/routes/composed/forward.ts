import type { CallAttributes } from '../../call.js';
import type { Tensor, TensorFlow } from '../../tensorflow.js';
import { byName } from '../route.js';
import { keepFactors } from './dropout.js';
import { type Problem, readProblem } from './problem.js';
import { type Rotate, rotation } from './rotation.js';
import { fromRows, lseFromRows, type Side, toRows } from './rows.js';
import { computeScores, foldHeads, hideInvisible, type ScoreInputs, type Scores } from './scores.js';
import { weightedSum } from './weighted-sum.js';

/** A call whose q, k, v are [B, H, L, X], q and k rotated. */
export interface Prepared {
  problem: Problem;
  tensors: Map<string, Tensor>;
  q: Tensor;
  k: Tensor;
  v: Tensor;
  rotate: Record<Side, Rotate>;
  inputs: ScoreInputs;
}

/** Probabilities and what they were normalised by. */
export interface Softmax extends Scores {
  /** [B, Hq, Lq, Lk], before dropout; rows that see no key are 0. */
  probabilities: Tensor;
  /** [B, Hq, Lq, 1] */
  lse: Tensor;
  /** Of dropout, the size of the probabilities. */
  keep?: Tensor | undefined;
}

/** out, lse, and an empty tensor for the statistics, which the gradient here does not need. */
export function composedForward(tf: TensorFlow, tensors: readonly Tensor[], call: CallAttributes): Tensor[] {
  const prepared = prepare(tf, 'attention', tensors, call);
  const { probabilities, visible, lse, keep } = softmax(tf, prepared);
  const { problem, v } = prepared;
  const { B, Hq, Lq, Dv } = problem;
  const folded = (values: Tensor) => foldHeads(values.broadcastTo(probabilities.shape), problem);
  const sum = weightedSum(tf, {
    weights: folded(keep ? probabilities.mul(keep) : probabilities),
    rows: v,
    visible: visible && folded(visible),
    dropped: keep && folded(keep.equal(0)),
    probabilities: true,
  });
  const out = fromRows(tf, problem, sum.reshape([B, Hq, Lq, Dv]), 'queries');
  return [out, lseFromRows(tf, problem, lse), tf.zeros([0])];
}

export function prepare(tf: TensorFlow, operation: string, all: readonly Tensor[], call: CallAttributes): Prepared {
  const problem = readProblem(operation, all, call);
  const tensors = byName(call.inputs, all);
  const rope = { named: tensors, style: call.options.ropeStyle };
  const rotate = { queries: rotation(tf, problem, rope, 'queries'), keys: rotation(tf, problem, rope, 'keys') };
  return {
    problem,
    tensors,
    q: rotate.queries(toRows(tf, problem, tensors, 'q', 'queries'), 1),
    k: rotate.keys(toRows(tf, problem, tensors, 'k', 'keys'), 1),
    v: toRows(tf, problem, tensors, 'v', 'keys'),
    rotate,
    inputs: {
      mask: tensors.get('mask'),
      bias: tensors.get('bias'),
      alibiSlopes: tensors.get('alibiSlopes'),
      sinks: tensors.get('sinks'),
    },
  };
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
    lse: reference.add(denominator.log()),
    keep: keepFactors(tf, problem),
  };
}

/** -Infinity is the maximum of a row that sees no key: 0 there, so that no Infinity - Infinity arises. */
function finiteOrZero(tf: TensorFlow, maximum: Tensor): Tensor {
  return tf.where(maximum.equal(-Infinity), tf.zerosLike(maximum), maximum);
}

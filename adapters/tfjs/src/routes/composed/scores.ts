import type { Tensor, TensorFlow } from '../../tensorflow.js';
import type { Problem } from './problem.js';

/** The scores of a call, and what its gradient needs to know of how they came about. */
export interface Scores {
  /** [B, Hq, Lq, Lk], -Infinity where the key is invisible. */
  scores: Tensor;
  /** bool, broadcasts to the scores; absent where every key is visible to every row. */
  visible?: Tensor | undefined;
  /** tanh of score / softcap, the size of the scores. */
  tanh?: Tensor | undefined;
  /** |i + offset - j|, float32 [Lq, Lk]; with ALiBi. */
  distance?: Tensor | undefined;
}

/** The optional inputs of a call, in layout `bhld`. */
export interface ScoreInputs {
  mask?: Tensor | undefined;
  bias?: Tensor | undefined;
  alibiSlopes?: Tensor | undefined;
  sinks?: Tensor | undefined;
}

/**
 * @param q [B, Hq, Lq, D]
 * @param k [B, Hkv, Lk, D]
 */
export function computeScores(tf: TensorFlow, problem: Problem, q: Tensor, k: Tensor, inputs: ScoreInputs): Scores {
  const { B, Hq, Lq, Lk, scale, softcap, offset } = problem;
  let scores = tf.matMul(foldHeads(q, problem), k, false, true).reshape([B, Hq, Lq, Lk]).mul(scale);
  let tanh: Tensor | undefined;
  if (softcap !== undefined) {
    tanh = scores.div(softcap).tanh();
    scores = tanh.mul(softcap);
  }
  if (inputs.bias) scores = scores.add(inputs.bias);
  let distance: Tensor | undefined;
  if (inputs.alibiSlopes) {
    distance = keyMinusQuery(tf, problem).cast('float32').sub(offset).abs();
    scores = scores.sub(slopesPerHead(inputs.alibiSlopes, problem).mul(distance));
  }
  const visible = visibleKeys(tf, problem, inputs);
  if (visible) scores = tf.where(visible.broadcastTo(scores.shape), scores, tf.fill(scores.shape, -Infinity));
  return { scores, visible, tanh, distance };
}

/** Zero where no key is seen: what invisible keys hold may be NaN, which a probability of 0 would not silence. */
export function hideInvisible(tf: TensorFlow, visible: Tensor | undefined, values: Tensor): Tensor {
  return visible ? tf.where(visible.broadcastTo(values.shape), values, tf.zerosLike(values)) : values;
}

/** Query heads that share a key head become rows of one product: [B, Hq, Lq, X] -> [B, Hkv, Hq / Hkv * Lq, X]. */
export function foldHeads(rows: Tensor, { B, Hq, Hkv, Lq }: Problem): Tensor {
  const width = rows.shape[3] as number;
  return rows.reshape([B, Hkv, (Hq / Hkv) * Lq, width]);
}

/** [1|B, Hq, 1, 1] */
export function slopesPerHead(slopes: Tensor, { Hq }: Problem): Tensor {
  return slopes.reshape([slopes.rank === 2 ? (slopes.shape[0] as number) : 1, Hq, 1, 1]);
}

/** int32 [Lq, Lk] */
function keyMinusQuery(tf: TensorFlow, { Lq, Lk }: Problem): Tensor {
  return tf
    .range(0, Lk, 1, 'int32')
    .reshape([1, Lk])
    .sub(tf.range(0, Lq, 1, 'int32').reshape([Lq, 1]));
}

/** Rank 4, or undefined where nothing hides anything. */
function visibleKeys(tf: TensorFlow, problem: Problem, { mask, bias }: ScoreInputs): Tensor | undefined {
  const { Lq, Lk, lo, hi } = problem;
  const conditions: Tensor[] = mask ? [mask] : [];
  if (bias) conditions.push(bias.notEqual(-Infinity));
  const bounded = lo > 1 - Lq || hi < Lk - 1;
  if (bounded) {
    const distance = keyMinusQuery(tf, problem);
    const within = (limit: number) => tf.scalar(Math.max(-Lq, Math.min(Lk, limit)), 'int32');
    const inBand = tf.logicalAnd(distance.greaterEqual(within(lo)), distance.lessEqual(within(hi)));
    conditions.push(inBand.reshape([1, 1, Lq, Lk]));
  }
  return conditions.length > 0 ? conditions.reduce((a, b) => tf.logicalAnd(a, b)) : undefined;
}

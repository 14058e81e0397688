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
  /** |i + offset - j|, float32 [1|B, 1, Lq, Lk]; with ALiBi. */
  distance?: Tensor | undefined;
}

/** The optional inputs of a call. */
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
  const { B, Hq, Lq, Lk, scale, softcap } = problem;
  let scores = tf.matMul(foldHeads(q, problem), k, false, true).reshape([B, Hq, Lq, Lk]).mul(scale);
  let tanh: Tensor | undefined;
  if (softcap !== undefined) {
    tanh = scores.div(softcap).tanh();
    scores = tanh.mul(softcap);
  }
  if (inputs.bias) scores = scores.add(inputs.bias);
  let distance: Tensor | undefined;
  if (inputs.alibiSlopes) {
    const offsets = perSequence(tf, problem, ({ offset }) => offset, 'float32');
    distance = keyMinusQuery(tf, problem).cast('float32').sub(offsets).abs();
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

type SequenceValue = (sequence: Problem['sequences'][number]) => number;

/** [1|B, 1, 1, 1]: 1 where all sequences are alike. */
function perSequence(tf: TensorFlow, problem: Problem, value: SequenceValue, dtype: 'int32' | 'float32'): Tensor {
  const sequences = problem.uniform ? problem.sequences.slice(0, 1) : problem.sequences;
  return tf.tensor(sequences.map(value), [sequences.length, 1, 1, 1], dtype);
}

/** int32 [1, 1, Lq, Lk] */
function keyMinusQuery(tf: TensorFlow, { Lq, Lk }: Problem): Tensor {
  return keyIndex(tf, Lk).sub(queryIndex(tf, Lq));
}

const keyIndex = (tf: TensorFlow, Lk: number) => tf.range(0, Lk, 1, 'int32').reshape([1, 1, 1, Lk]) as Tensor;
const queryIndex = (tf: TensorFlow, Lq: number) => tf.range(0, Lq, 1, 'int32').reshape([1, 1, Lq, 1]) as Tensor;

/** Rank 4, or undefined where nothing hides anything. */
function visibleKeys(tf: TensorFlow, problem: Problem, { mask, bias }: ScoreInputs): Tensor | undefined {
  const { Lq, Lk, rule, uniform, sequences } = problem;
  const conditions: Tensor[] = mask ? [mask] : [];
  if (bias) conditions.push(bias.notEqual(-Infinity));
  if (!uniform) {
    conditions.push(keyIndex(tf, Lk).less(perSequence(tf, problem, ({ keys }) => keys, 'int32')));
    conditions.push(queryIndex(tf, Lq).less(perSequence(tf, problem, ({ queries }) => queries, 'int32')));
  }
  const distance = keyMinusQuery(tf, problem);
  const bound = (value: SequenceValue) =>
    perSequence(tf, problem, (sequence) => Math.max(-Lq, Math.min(Lk, value(sequence))), 'int32');
  const lowest: SequenceValue = ({ offset }) => offset - rule.left;
  const highest: SequenceValue = ({ offset }) => offset + (rule.causal ? 0 : rule.right);
  if (rule.left >= 0 && sequences.some((sequence) => lowest(sequence) > 1 - Lq)) {
    conditions.push(distance.greaterEqual(bound(lowest)));
  }
  if ((rule.causal || rule.right >= 0) && sequences.some((sequence) => highest(sequence) < Lk - 1)) {
    conditions.push(distance.lessEqual(bound(highest)));
  }
  return conditions.length > 0 ? conditions.reduce((a, b) => tf.logicalAnd(a, b)) : undefined;
}

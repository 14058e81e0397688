import type { Tensor, TensorFlow } from '../../tensorflow.js';

export interface WeightedSum {
  /** [..., M, N], 0 where not visible. */
  weights: Tensor;
  /** [..., N, X] */
  rows: Tensor;
  /** bool, the shape of the weights. */
  visible?: Tensor | undefined;
  /** bool, the shape of the weights: those that dropout made 0, which makes NaN of an infinite row. */
  dropped?: Tensor | undefined;
  /** Weights are probabilities: an infinite row keeps its sign. Otherwise whatever it touches is NaN. */
  probabilities: boolean;
}

/**
 * weights x rows, in which a row of NaN or infinities reaches the results that see it and no others: a plain product
 * spreads it to all, because 0 * NaN is NaN.
 */
export function weightedSum(tf: TensorFlow, sum: WeightedSum): Tensor {
  const { weights, rows, visible } = sum;
  return !visible || allFinite(tf, rows) ? tf.matMul(weights, rows) : sumOfSeen(tf, { ...sum, visible });
}

function sumOfSeen(
  tf: TensorFlow,
  { weights, rows, visible, dropped, probabilities }: WeightedSum & { visible: Tensor },
): Tensor {
  const finite = tf.where(tf.isFinite(rows), rows, tf.zerosLike(rows));
  const sum = tf.matMul(weights, finite);
  const sees = (values: Tensor, pairs = visible) => tf.matMul(pairs.cast('float32'), values.cast('float32')).greater(0);
  const special = (value: number) => tf.fill(sum.shape, value);
  if (!probabilities) return tf.where(sees(tf.logicalNot(tf.isFinite(rows))), special(NaN), sum);
  const up = sees(rows.equal(Infinity));
  const down = sees(rows.equal(-Infinity));
  const contradicted = tf.logicalOr(sees(tf.isNaN(rows)), tf.logicalAnd(up, down));
  const nan = dropped
    ? tf.logicalOr(contradicted, sees(tf.isInf(rows), tf.logicalAnd(visible, dropped)))
    : contradicted;
  return tf.where(nan, special(NaN), tf.where(up, special(Infinity), tf.where(down, special(-Infinity), sum)));
}

/** False also where the backend cannot say at once; the long way round is right for every input. */
function allFinite(tf: TensorFlow, rows: Tensor): boolean {
  const flag = tf.all(tf.isFinite(rows));
  try {
    return flag.dataSync()[0] === 1;
  } catch {
    return false;
  }
}

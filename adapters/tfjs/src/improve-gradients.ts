import type { Tensor, TensorFlow } from './tensorflow.js';

type GradientConfig = Parameters<TensorFlow['registerGradient']>[0];

/** On a gradient of ours: what it replaced, and how many callers want it. Known to every copy of this package. */
const improvement = Symbol.for('fa-metal.improveGradients');
interface Improved extends GradientConfig {
  [improvement]?: { former: GradientConfig | undefined; users: number };
}

/**
 * Replaces gradients of tfjs 4 that are slow, missing or wrong by exact ones, for everything that runs on this tfjs:
 *
 * - Tile, which is inside every layerNormalization: a reshape and a sum, where tfjs adds slices one by one. Also for
 *   rank 5 and more, where tfjs has none.
 * - SquaredDifference and Select (tf.where) with operands that broadcast, where tfjs gives a wrong shape.
 *
 * @returns a function that puts the former gradients back, when every caller has called theirs
 */
export function improveGradients(tf: TensorFlow): () => void {
  const improved: Improved[] = [tileGradient(tf), squaredDifferenceGradient(tf), selectGradient(tf)];
  for (const config of improved) improve(tf, config);
  let done = false;
  return () => {
    if (done) return;
    done = true;
    for (const { kernelName } of improved) restore(tf, kernelName);
  };
}

function improve(tf: TensorFlow, config: Improved): void {
  const former: Improved | undefined = tf.getGradient(config.kernelName);
  const shared = former?.[improvement];
  if (shared) {
    shared.users++;
    return;
  }
  config[improvement] = { former, users: 1 };
  tf.registerGradient(config);
}

function restore(tf: TensorFlow, kernelName: string): void {
  const current: Improved | undefined = tf.getGradient(kernelName);
  const shared = current?.[improvement];
  if (!shared) return; // replaced by someone else since
  shared.users--;
  if (shared.users > 0) return;
  tf.unregisterGradient(kernelName);
  if (shared.former) tf.registerGradient(shared.former);
}

function tileGradient(tf: TensorFlow): GradientConfig {
  return {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved as [Tensor];
      const { reps } = attributes as unknown as { reps: number[] };
      return { x: () => tf.tidy(() => sumRepeats(tf, dy as Tensor, x.shape, reps)) };
    },
  };
}

/** Sums the copies that Tile made, one axis at a time, so that no intermediate has more than three axes. */
function sumRepeats(tf: TensorFlow, dy: Tensor, shape: number[], reps: number[]): Tensor {
  if (dy.size === 0) return tf.zeros(shape);
  let sum = dy;
  let before = 1;
  shape.forEach((size, axis) => {
    const copies = reps[axis] ?? 1;
    if (copies !== 1) sum = sum.reshape([before, copies, sum.size / (before * copies)]).sum(1);
    before *= size;
  });
  return sum.reshape(shape);
}

function squaredDifferenceGradient(tf: TensorFlow): GradientConfig {
  return {
    kernelName: 'SquaredDifference',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [Tensor, Tensor];
      const slope = () => (dy as Tensor).mul(a.sub(b)).mul(2);
      return {
        a: () => tf.tidy(() => sumTo(slope(), a.shape)),
        b: () => tf.tidy(() => sumTo(slope().neg(), b.shape)),
      };
    },
  };
}

function selectGradient(tf: TensorFlow): GradientConfig {
  return {
    kernelName: 'Select',
    inputsToSave: ['condition', 't', 'e'],
    gradFunc: (dy, saved) => {
      const [condition, t, e] = saved as [Tensor, Tensor, Tensor];
      const g = dy as Tensor;
      // The kernel also takes a vector that chooses whole rows.
      const chosen = () =>
        condition.rank === 1 && g.rank > 1 ? condition.reshape([-1, ...g.shape.slice(1).fill(1)]) : condition;
      return {
        condition: () => tf.zeros(condition.shape),
        t: () => tf.tidy(() => sumTo(g.mul(chosen().cast('float32')), t.shape)),
        e: () => tf.tidy(() => sumTo(g.mul(chosen().logicalNot().cast('float32')), e.shape)),
      };
    },
  };
}

/** The reverse of broadcasting from `shape`. */
function sumTo(gradient: Tensor, shape: number[]): Tensor {
  const missing = gradient.rank - shape.length;
  const axes = gradient.shape.map((_, axis) => axis).filter((axis) => axis < missing || shape[axis - missing] === 1);
  return (axes.length > 0 ? gradient.sum(axes) : gradient).reshape(shape);
}

import { describe, expect, test } from 'vitest';
import { improveGradients } from '../src/index.js';
import { backendNames, onBackend, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;
type Loss = (...inputs: Tensor[]) => Tensor;

/** Small whole numbers: sums of them are exact in any order, so gradients can be compared to the bit. */
const whole = (shape: number[], seed: number) => tf.randomUniform(shape, -8, 8, 'float32', seed).round() as Tensor;
const weighted = (y: Tensor) => y.mul(whole(y.shape, 99)).sum() as Tensor;

const gradientsOf = (loss: Loss, inputs: Tensor[]) =>
  tf
    .grads(loss)(inputs)
    .map((g) => ({ shape: g.shape, values: [...g.dataSync()] }));

function improved(loss: Loss, inputs: Tensor[]) {
  const undo = improveGradients(tf);
  try {
    return gradientsOf(loss, inputs);
  } finally {
    undo();
  }
}

const tiles: [number[], number[]][] = [
  [[4], [3]],
  [[1], [5]],
  [
    [2, 3],
    [1, 1],
  ],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 3, 4],
    [2, 1, 3],
  ],
  [
    [1, 1, 5],
    [4, 3, 1],
  ],
  [
    [2, 1, 3, 2],
    [3, 2, 1, 2],
  ],
];

describe.each(backendNames)('on %s', (backend) => {
  test.each(tiles)('Tile of %j by %j: to the bit what tfjs computes', (shape, reps) => {
    onBackend(backend, () => {
      const loss: Loss = (x) => weighted(tf.tile(x, reps));
      const x = whole(shape, 1);
      expect(improved(loss, [x])).toEqual(gradientsOf(loss, [x]));
    });
  });

  test('Tile of rank 5, which tfjs refuses: the sum over the copies', () => {
    onBackend(backend, () => {
      const x = whole([2, 1, 2, 1, 2], 1);
      const reps = [1, 2, 1, 3, 2];
      const loss: Loss = (y) => weighted(tf.tile(y, reps));
      expect(() => gradientsOf(loss, [x])).toThrow('rank-5');
      const weights = whole([2, 2, 2, 3, 4], 99);
      const copies = tf.unstack(weights.reshape([2, 2, 2, 3, 2, 2]), 4) as Tensor[];
      const expected = tf.addN(copies as never).sum([1, 3], true) as Tensor;
      expect(improved(loss, [x])[0]).toEqual({ shape: x.shape, values: [...expected.dataSync()] });
    });
  });

  test('an empty Tile has a gradient of zeros', () => {
    onBackend(backend, () => {
      const x = whole([2, 0, 3], 1);
      expect(improved((y) => tf.tile(y, [2, 1, 1]).sum(), [x])).toEqual([{ shape: [2, 0, 3], values: [] }]);
    });
  });

  test.each([
    [
      [3, 4],
      [3, 4],
    ],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [
      [3, 1],
      [1, 4],
    ],
    [[], [2, 2]],
  ])('SquaredDifference of %j and %j: that of the square of the difference', (a, b) => {
    onBackend(backend, () => {
      const inputs = [whole(a, 1), whole(b, 2)];
      const plain: Loss = (x, y) => weighted(tf.sub(x as Tensor, y as Tensor).square());
      expect(improved((x, y) => weighted(tf.squaredDifference(x as Tensor, y as Tensor)), inputs)).toEqual(
        gradientsOf(plain, inputs),
      );
    });
  });

  test.each([
    [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
    [[3, 1], [2, 3, 4], []],
    [
      [2, 1, 1],
      [3, 1],
      [1, 4],
    ],
  ])('where(%j, %j, %j): that of a weighted sum', (condition, t, e) => {
    onBackend(backend, () => {
      const chosen = whole(condition, 3).greater(0);
      const inputs = [whole(t, 1), whole(e, 2)];
      const gate = chosen.cast('float32');
      const plain: Loss = (x, y) => weighted((x as Tensor).mul(gate).add((y as Tensor).mul(tf.sub(1, gate))));
      expect(improved((x, y) => weighted(tf.where(chosen, x as Tensor, y as Tensor)), inputs)).toEqual(
        gradientsOf(plain, inputs),
      );
    });
  });

  test('no tensor is left behind', () => {
    onBackend(backend, () => {
      const x = whole([1, 1, 5], 1);
      improved((y) => tf.tile(y, [4, 3, 1]).sum(), [x]);
      const before = tf.memory().numTensors;
      tf.tidy(() => improved((y) => tf.tile(y, [4, 3, 1]).sum(), [x]) && undefined);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

test('the former gradients are back when every caller has undone it, once each and in any order', () => {
  const before = tf.getGradient('Tile');
  const [first, second] = [improveGradients(tf), improveGradients(tf)];
  expect(tf.getGradient('Tile')).not.toBe(before);
  first();
  first();
  expect(tf.getGradient('Tile')).not.toBe(before);
  second();
  expect(tf.getGradient('Tile')).toBe(before);
  second();
  expect(tf.getGradient('Tile')).toBe(before);
});

test('a gradient that someone else registered since stays', () => {
  const before = tf.getGradient('Tile');
  const undo = improveGradients(tf);
  const other = { ...before };
  tf.unregisterGradient('Tile');
  tf.registerGradient(other);
  undo();
  expect(tf.getGradient('Tile')).toBe(other);
  tf.unregisterGradient('Tile');
  tf.registerGradient(before);
});

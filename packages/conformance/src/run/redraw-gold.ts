import type { Tensor } from '@fa-metal/reference';
import { RandomStream } from '../data/random.js';
import { elementOffsets } from '../data/tensor.js';
import type { GoldVector } from '../gold.js';

/**
 * The same vector with the columns of q and k, and those of v, in another order: the same sums in exact arithmetic,
 * other roundings in every implementation. Rotary embedding pairs columns of q and k, so there they stay.
 */
export function redrawGold(vector: GoldVector, draw: number): GoldVector {
  const { name, problem, outputGradients, expected, plainErrors } = vector;
  const stream = new RandomStream(`gold ${name}/draw${draw}`);
  const width = problem.q.shape.at(-1)!;
  const columns = problem.options?.rope === undefined ? shuffled(width, stream) : ascending(width);
  const valueColumns = shuffled(problem.v.shape.at(-1)!, stream);
  const { dq, dk, out, dv, ...others } = expected;
  return {
    ...vector,
    problem: {
      ...problem,
      q: reordered(problem.q, columns),
      k: reordered(problem.k, columns),
      v: reordered(problem.v, valueColumns),
    },
    expected: {
      ...others,
      ...(dq && { dq: reordered(dq, columns) }),
      ...(dk && { dk: reordered(dk, columns) }),
      ...(out && { out: reordered(out, valueColumns) }),
      ...(dv && { dv: reordered(dv, valueColumns) }),
    },
    ...(outputGradients && {
      outputGradients: { ...outputGradients, dOut: reordered(outputGradients.dOut, valueColumns) },
    }),
    ...(plainErrors && { plainErrors }),
  };
}

/** Row-major, column c holding what stood in column `order[c]`. */
function reordered(tensor: Tensor, order: readonly number[]): Tensor {
  const offsets = elementOffsets(tensor);
  const width = order.length;
  const data = Float64Array.from(offsets, (_, index) => {
    const column = index % width;
    return tensor.data[offsets[index - column + order[column]!]!]!;
  });
  return { data, shape: tensor.shape };
}

function ascending(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function shuffled(length: number, stream: RandomStream): number[] {
  const order = ascending(length);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

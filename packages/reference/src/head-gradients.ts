import type { Address } from './address.js';
import type { Buffer } from './arithmetic.js';
import type { Call } from './call.js';
import type { Sequence } from './geometry.js';
import { rotation } from './rope.js';
import type { Sums } from './row-gradients.js';
import { positions } from './row-loader.js';
import { rowMajorStrides, zeros } from './tensor.js';
import type { Tensor } from './types.js';

/** dq, dk and dv, filled head by head. */
export interface HeadGradients {
  readonly dq: Tensor<Float64Array>;
  readonly dk: Tensor<Float64Array>;
  readonly dv: Tensor<Float64Array>;
  /** Moves a finished query head out of the sums and clears them. */
  finishQueries(sequence: Sequence, head: number): void;
  /** The same for a key/value head, once all its query heads are in. */
  finishKeys(sequence: Sequence, kvHead: number): void;
}

export function headGradients({ problem, geometry, arithmetic }: Call, sums: Sums): HeadGradients {
  const { q, k, v, options = {} } = problem;
  const { width, valueWidth } = geometry;
  const [dq, dk, dv] = [zeros(q.shape), zeros(k.shape), zeros(v.shape)];
  const [dqAddress, dkAddress, dvAddress] = [
    geometry.queryAddress(rowMajorStrides(q.shape)),
    geometry.keyAddress(rowMajorStrides(k.shape)),
    geometry.keyAddress(rowMajorStrides(v.shape)),
  ];
  const rotateBack = options.rope && rotation(options.rope, width, -1, arithmetic);
  const positionOf = positions(problem, geometry);
  return {
    dq,
    dk,
    dv,
    finishQueries(sequence, head) {
      for (let i = 0; i < sequence.queries; i++) rotateBack?.(sums.dQueries, i * width, positionOf.q(sequence, i));
      moveRows({ from: sums.dQueries, to: dq, address: dqAddress, columns: width }, sequence.queries, sequence, head);
    },
    finishKeys(sequence, kvHead) {
      for (let j = 0; j < sequence.keys; j++) rotateBack?.(sums.dKeys, j * width, positionOf.k(sequence, j));
      moveRows({ from: sums.dKeys, to: dk, address: dkAddress, columns: width }, sequence.keys, sequence, kvHead);
      moveRows(
        { from: sums.dValues, to: dv, address: dvAddress, columns: valueWidth },
        sequence.keys,
        sequence,
        kvHead,
      );
    },
  };
}

interface Move {
  readonly from: Buffer;
  readonly to: Tensor<Float64Array>;
  readonly address: Address;
  readonly columns: number;
}

function moveRows({ from, to, address, columns }: Move, tokens: number, { index }: Sequence, head: number): void {
  for (let token = 0; token < tokens; token++) {
    to.data.set(from.subarray(token * columns, (token + 1) * columns), address(index, head, token));
  }
  from.fill(0, 0, tokens * columns);
}

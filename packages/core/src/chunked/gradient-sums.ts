import { rowMajorStrides } from '../tensor.js';
import type { AttentionGradients, NeededGradients, Tensor } from '../types.js';
import type { ChunkedProblem } from './chunked-problem.js';
import type { Piece } from './chunks.js';
import { fromFloat32, toFloat32 } from './float-rows.js';

type Group = ChunkedProblem['groups'][number];

/** dq and the gradients of the options, summed over pieces in their order, in float32; dq is rounded once, at the end. */
export class GradientSums {
  readonly #problem: ChunkedProblem;
  readonly #dq: Float32Array;
  readonly #dBias: Float32Array | undefined;
  readonly #dAlibiSlopes: Float32Array | undefined;
  readonly #dSinks: Float32Array | undefined;

  constructor(problem: ChunkedProblem, needs: NeededGradients) {
    const { bias, alibiSlopes, sinks } = problem.options;
    this.#problem = problem;
    this.#dq = zerosLike(problem.q);
    this.#dBias = bias && needs.bias !== false ? zerosLike(bias) : undefined;
    this.#dAlibiSlopes = alibiSlopes && needs.alibiSlopes !== false ? zerosLike(alibiSlopes) : undefined;
    this.#dSinks = sinks && needs.sinks !== false ? zerosLike(sinks) : undefined;
  }

  add({ dq, dBias, dAlibiSlopes, dSinks }: AttentionGradients, group: Group, piece: Piece): void {
    addAt(this.#dq, toFloat32(dq), startOf(group, dq));
    if (this.#dBias && dBias) this.#addBias(this.#dBias, dBias, group, piece);
    if (this.#dAlibiSlopes && dAlibiSlopes) {
      const perBatch = dAlibiSlopes.shape.length === 2;
      addAt(this.#dAlibiSlopes, toFloat32(dAlibiSlopes), perBatch ? startOf(group, dAlibiSlopes) : 0);
    }
    if (this.#dSinks && dSinks) addAt(this.#dSinks, toFloat32(dSinks), 0);
  }

  /** Rows of a piece's keys, which lie within the rows of all keys. */
  #addBias(sums: Float32Array, dBias: Tensor, group: Group, { first, length }: Piece): void {
    const { bias } = this.#problem.options;
    const keys = bias?.shape[3] ?? 0;
    const values = dBias.data as Float32Array;
    const perBatch = (bias?.shape[0] ?? 1) > 1;
    const firstRow = perBatch && group !== 'all' ? group * (values.length / Math.max(1, length)) : 0;
    for (let from = 0, row = firstRow; from < values.length; from += length, row++) {
      for (let j = 0; j < length; j++) sums[row * keys + first + j]! += values[from + j] as number;
    }
  }

  results(): Omit<AttentionGradients, 'dk' | 'dv'> {
    const { q, options } = this.#problem;
    const { bias, alibiSlopes, sinks } = options;
    return {
      dq: fromFloat32(this.#dq, q.shape, q.dtype),
      ...(this.#dBias && bias && { dBias: fromFloat32(this.#dBias, bias.shape, 'float32') }),
      ...(this.#dAlibiSlopes &&
        alibiSlopes && { dAlibiSlopes: fromFloat32(this.#dAlibiSlopes, alibiSlopes.shape, 'float32') }),
      ...(this.#dSinks && sinks && { dSinks: fromFloat32(this.#dSinks, sinks.shape, 'float32') }),
    };
  }
}

function zerosLike({ shape }: Tensor): Float32Array {
  return new Float32Array(shape.reduce((product, size) => product * size, 1));
}

/** Where a group's part of a dense tensor with all batch entries begins. */
function startOf(group: Group, { shape }: Tensor): number {
  return group === 'all' ? 0 : group * (rowMajorStrides(shape)[0] ?? 0);
}

function addAt(sums: Float32Array, values: Float32Array, start: number): void {
  for (let index = 0; index < values.length; index++) sums[start + index]! += values[index] as number;
}

import { readValues } from '@fa-metal/conformance';
import type { Tensor } from '@fa-metal/reference';
import type { Problem } from '../../report/schema.js';
import { makeCall } from '../call.js';
import type { Row } from './rows.js';

/** The numbers of a plain problem in float64, row by row. */
export class Values {
  readonly kvHeads: number;
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
  readonly dOut: Float64Array;

  constructor(readonly problem: Problem) {
    const call = makeCall(problem);
    this.kvHeads = problem.kvHeads ?? problem.heads;
    this.q = readValues(call.q);
    this.k = readValues(call.k);
    this.v = readValues(call.v);
    this.dOut = readValues(call.dOut);
  }

  /** [1, 1, 1, D] */
  query(row: Row): Tensor {
    return this.one(this.queryRow(this.q, row));
  }

  /** [1, 1, 1, D] */
  outputGradient(row: Row): Tensor {
    return this.one(this.queryRow(this.dOut, row));
  }

  /** k and v [1, 1, seen, D] */
  keysSeenBy({ batch, head, index }: Row): { k: Tensor; v: Tensor } {
    const { keys, headDim } = this.problem;
    const begin = (batch * this.kvHeads + this.kvHeadOf(head)) * keys * headDim;
    const seen = this.seenBy(index);
    const tensor = (data: Float64Array) => ({
      data: data.subarray(begin, begin + seen * headDim),
      shape: [1, 1, seen, headDim],
    });
    return { k: tensor(this.k), v: tensor(this.v) };
  }

  /** How many keys query row `index` sees: those from the first on. */
  seenBy(index: number): number {
    const { keys, queries, causal } = this.problem;
    return causal ? Math.max(0, Math.min(keys, index + 1 + keys - queries)) : keys;
  }

  /** Of q, dOut or out. */
  queryRow<Data extends Float64Array | Float32Array>(data: Data, row: Row): Data {
    const begin = this.placeOf(row) * this.problem.headDim;
    return data.subarray(begin, begin + this.problem.headDim) as Data;
  }

  /** Of k or v. */
  keyRow(data: Float64Array, { batch, kvHead, index }: { batch: number; kvHead: number; index: number }): Float64Array {
    const { keys, headDim } = this.problem;
    const begin = ((batch * this.kvHeads + kvHead) * keys + index) * headDim;
    return data.subarray(begin, begin + headDim);
  }

  /** Of the row in [B, H, Lq]. */
  placeOf({ batch, head, index }: Row): number {
    return (batch * this.problem.heads + head) * this.problem.queries + index;
  }

  private kvHeadOf(head: number): number {
    return Math.floor(head / (this.problem.heads / this.kvHeads));
  }

  private one(data: Float64Array): Tensor {
    return { data, shape: [1, 1, 1, this.problem.headDim] };
  }
}

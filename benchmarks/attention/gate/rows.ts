import { attention, attentionBackward, naiveAttention, naiveAttentionBackward } from '@fa-metal/reference';
import type { Direction } from '../../report/schema.js';
import { type Expected, SampleBuilder } from './expected.js';
import type { Values } from './values.js';

/**
 * out, lse and dq of these query rows, which depend on no other row: each is a problem of one query and the keys that
 * it sees.
 *
 * @param dtype of the results; default: the problem's
 */
export function expectedRows(
  values: Values,
  direction: Direction,
  rows: readonly Row[],
  dtype = values.problem.dtype,
): Expected {
  const { headDim } = values.problem;
  const [out, lse, dq] = [new SampleBuilder(2), new SampleBuilder(2), new SampleBuilder(3)];
  for (const row of rows) {
    const problem = { q: values.query(row), ...values.keysSeenBy(row) };
    const place = values.placeOf(row);
    const [exact, naive] = [attention(problem), naiveAttention(problem, dtype)];
    out.add(place * headDim, exact.out.data, naive.out.data);
    lse.add(place, exact.lse.data, naive.lse.data);
    if (direction === 'forward') continue;
    const gradients = { dOut: values.outputGradient(row) };
    const [truth, plain] = [attentionBackward(problem, gradients), naiveAttentionBackward(problem, gradients, dtype)];
    dq.add(place * headDim, truth.dq.data, plain.dq.data);
  }
  return direction === 'forward' ? { out, lse } : { out, lse, dq };
}

export interface Row {
  readonly batch: number;
  /** Query head. */
  readonly head: number;
  readonly index: number;
}

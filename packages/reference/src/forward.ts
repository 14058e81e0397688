import type { Arithmetic } from './arithmetic.js';
import { forEachHead, prepare } from './call.js';
import { computeRow, createRow } from './row.js';
import { rowMajorStrides, zeros } from './tensor.js';
import type { AttentionResult, Problem } from './types.js';

/** The contract's forward in a given arithmetic. */
export function forward(problem: Problem, arithmetic: Arithmetic): AttentionResult {
  const call = prepare(problem, arithmetic);
  const { outShape, lseShape, lseAddress, queryAddress } = call.geometry;
  const out = zeros(outShape);
  const lse = zeros(lseShape);
  const outAddress = queryAddress(rowMajorStrides(outShape));
  const row = createRow(call);
  forEachHead(call, (head) => {
    for (let i = 0; i < head.sequence.queries; i++) {
      computeRow(call, head, i, row);
      out.data.set(row.out, outAddress(head.sequence.index, head.head, i));
      lse.data[lseAddress(head.sequence.index, head.head, i)] = row.lse;
    }
  });
  return { out, lse };
}

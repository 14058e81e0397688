import type { Arithmetic, Buffer } from './arithmetic.js';
import { forEachHead, prepare } from './call.js';
import { headGradients } from './head-gradients.js';
import { computeRow, createRow } from './row.js';
import { addRowGradients, createSums } from './row-gradients.js';
import { requireShape, stridesOf } from './tensor.js';
import type { AttentionGradients, OutputGradients, Problem, Tensor } from './types.js';

/**
 * The contract's gradients in a given arithmetic. The forward is computed anew, so nothing of it is needed.
 *
 * @throws RangeError for paged and int8 keys and values, which the contract has forward only
 */
export function backward(
  problem: Problem,
  { dOut, dLse }: OutputGradients,
  arithmetic: Arithmetic,
): AttentionGradients {
  const { options = {} } = problem;
  for (const argument of ['blockTable', 'kScale', 'vScale'] as const) {
    if (options[argument]) throw new RangeError(`${argument}: expected none in attentionBackward`);
  }
  const call = prepare(problem, arithmetic);
  const { geometry } = call;
  requireShape('dOut', dOut, geometry.outShape);
  if (dLse) requireShape('dLse', dLse, geometry.lseShape);
  const dOutAddress = geometry.queryAddress(stridesOf(dOut));
  const sums = createSums(call);
  const gradients = headGradients(call, sums);
  const row = createRow(call);
  const dOutRow = arithmetic.buffer(geometry.valueWidth);
  forEachHead(
    call,
    (head) => {
      const { sequence } = head;
      for (let i = 0; i < sequence.queries; i++) {
        computeRow(call, head, i, row);
        for (let c = 0; c < row.out.length; c++) row.out[c] = arithmetic.store(row.out[c]!);
        const start = dOutAddress(sequence.index, head.head, i);
        for (let c = 0; c < dOutRow.length; c++) dOutRow[c] = dOut.data[start + c]!;
        const dLseOfRow = dLse ? dLse.data[geometry.lseAddress(sequence.index, head.head, i)]! : 0;
        addRowGradients({ call, head, i, row, dOut: dOutRow, dLse: dLseOfRow, sums });
      }
      gradients.finishQueries(sequence, head.head);
    },
    gradients.finishKeys,
  );
  const { dq, dk, dv } = gradients;
  return {
    dq,
    dk,
    dv,
    ...(sums.dBias && { dBias: shapedLike(options.bias!, sums.dBias) }),
    ...(sums.dAlibiSlopes && { dAlibiSlopes: shapedLike(options.alibiSlopes!, sums.dAlibiSlopes) }),
    ...(sums.dSinks && { dSinks: shapedLike(options.sinks!, sums.dSinks) }),
  };
}

function shapedLike({ shape }: Tensor, data: Buffer): Tensor<Float64Array> {
  return { data: Float64Array.from(data), shape };
}

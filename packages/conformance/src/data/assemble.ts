import type { Problem, AttentionOptions as ReferenceOptions } from '@fa-metal/reference';
import type { Resolved } from '../resolve.js';
import type { Call, OutputName, Tensor } from '../types.js';
import type { GuardedTensor } from './guarded.js';
import type { Inputs } from './inputs.js';
import { allocateOutputs } from './outputs.js';
import { rowMajorStrides } from './tensor.js';
import type { Values } from './values.js';

/** What the oracle is asked: the same numbers as the call, unencoded. */
export interface Question {
  problem: Problem;
  dOut?: Values;
  dLse?: Values;
}

/** A case made real. */
export interface BuiltCall {
  parameters: Resolved;
  call: Call;
  question: Question;
  /** Memory that the call may read, by public argument name. */
  inputs: Map<string, GuardedTensor>;
  /** Memory that it may write. */
  outputs: Map<OutputName, GuardedTensor>;
}

/** The numbers of a call beside its options. */
export interface Parts {
  operands: { q: Values; k: Values; v: Values };
  outShape: readonly number[];
  lseShape: readonly number[];
  dOut?: Values;
  dLse?: Values;
}

/** Puts the parts into guarded memory, placed as the case's view has it. */
export function assemble(id: string, given: Resolved, inputs: Inputs, parts: Parts): BuiltCall {
  const {
    operands: { q, k, v },
    outShape,
    lseShape,
    dOut,
    dLse,
  } = parts;
  const outputs = allocateOutputs(
    given,
    { q: q.shape, k: k.shape, v: v.shape, out: outShape, lse: lseShape },
    inputs.options,
  );
  const keys = inputs.tensor('k', k, cached(given, k.shape));
  const call: Call = {
    id,
    q: inputs.tensor('q', q, gapped(given, q.shape)),
    k: keys,
    v: given.shared === true ? columnsOf(keys, v.shape) : inputs.tensor('v', v, cached(given, v.shape)),
    options: inputs.options,
    gradients: given.gradients,
    ...(given.biasGradient === false && { needs: { bias: false } as const }),
    ...(dOut && { dOut: inputs.tensor('dOut', dOut, gapped(given, outShape)) }),
    ...(dLse && { dLse: inputs.tensor('dLse', dLse) }),
    outputs: Object.fromEntries([...outputs].map(([name, { tensor }]) => [name, tensor])) as unknown as Call['outputs'],
  };
  const problem = { q, k, v, options: inputs.reference as ReferenceOptions };
  const question = { problem, ...(dOut && { dOut }), ...(dLse && { dLse }) };
  return { parameters: given, call, question, inputs: inputs.guarded, outputs };
}

/** The first columns of a tensor, in its memory. */
function columnsOf({ data, dtype, strides, shape }: Tensor, columns: readonly number[]): Tensor {
  return { data, dtype, shape: columns, strides: strides ?? rowMajorStrides(shape) };
}

/** Strides of a tensor whose rows are followed by unused elements; undefined = packed. */
function gapped({ view }: Resolved, shape: readonly number[]): number[] | undefined {
  if (view !== 'gaps') return undefined;
  return rowMajorStrides([...shape.slice(0, -1), shape.at(-1)! + 3]);
}

/** Strides of k or v as the first rows of a cache with room for more. */
function cached(given: Resolved, shape: readonly number[]): number[] | undefined {
  if (given.view !== 'capacity') return gapped(given, shape);
  const rowAxis = given.layout === 'bhld' ? 2 : 1;
  return rowMajorStrides(shape.map((size, axis) => (axis === rowAxis ? size + 13 : size)));
}

import type { Tensor } from '@fa-metal/reference';
import type { GoldVector } from '../gold.js';
import type { CaseParameters } from '../parameters.js';
import { resolve } from '../resolve.js';
import type { DType } from '../types.js';
import { assemble, type BuiltCall } from './assemble.js';
import { Inputs, optionDtypes } from './inputs.js';
import { elementOffsets } from './tensor.js';
import type { Values } from './values.js';

/** Builds the call of a gold vector; `parameters` say which gradients are wanted. */
export function buildGoldCall(
  id: string,
  { problem, outputGradients, expected }: GoldVector,
  parameters: CaseParameters,
): BuiltCall {
  const given = resolve(parameters);
  const { options = {} } = problem;
  const inputs = new Inputs(0);
  inputs.scalar('causal', options.causal);
  inputs.scalar('align', parameters.align === undefined ? undefined : options.align);
  inputs.scalar('window', parameters.left === undefined ? undefined : options.window);
  inputs.scalar('scale', options.scale);
  inputs.scalar('softcap', parameters.softcap);
  for (const [name, dtype = 'float32'] of Object.entries(optionDtypes)) {
    const tensor = options[name as keyof typeof optionDtypes];
    if (tensor !== undefined) inputs.option(name as keyof typeof optionDtypes, packed(tensor, dtype));
  }
  addRope(inputs, problem.options?.rope);
  const keyDtype = given.int8 === true ? 'int8' : given.dtype;
  const { dOut, dLse } = (given.gradients && outputGradients) || {};
  return assemble(id, given, inputs, {
    operands: { q: packed(problem.q, given.dtype), k: packed(problem.k, keyDtype), v: packed(problem.v, keyDtype) },
    outShape: expected.out!.shape,
    lseShape: expected.lse!.shape,
    ...(dOut && { dOut: packed(dOut, given.dtype) }),
    ...(dLse && { dLse: packed(dLse, 'float32') }),
  });
}

function addRope(inputs: Inputs, rope: NonNullable<GoldVector['problem']['options']>['rope']): void {
  if (rope === undefined) return;
  inputs.rope(rope.style, {
    cos: packed(rope.cos, 'float32'),
    sin: packed(rope.sin, 'float32'),
    ...(rope.positionsQ && { positionsQ: packed(rope.positionsQ, 'int32') }),
    ...(rope.positionsK && { positionsK: packed(rope.positionsK, 'int32') }),
  });
}

/** Row-major, whatever the strides were. */
function packed(tensor: Tensor, dtype: DType): Values {
  return {
    data: Float64Array.from(elementOffsets(tensor), (offset) => tensor.data[offset]!),
    shape: tensor.shape,
    dtype,
  };
}

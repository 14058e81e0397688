import { hash } from '../case-id.js';
import type { CaseParameters } from '../parameters.js';
import { type Resolved, resolve } from '../resolve.js';
import { assemble, type BuiltCall } from './assemble.js';
import { Inputs } from './inputs.js';
import { drawOperands, leadingColumns, quantise, sequenceStarts } from './operands.js';
import { plant } from './plant.js';
import { poisonPastLengths, poisonScale } from './poison.js';
import { drawBias, drawLengths, drawMask, drawPositions, drawSinks, drawSlopes, ropeTables } from './score-terms.js';
import { draw, normal, type Values } from './values.js';

/** Builds the call that `parameters` describe. The data depends on `seed` (the id) alone. */
export function buildCall(id: string, parameters: CaseParameters, seed = id): BuiltCall {
  const given = resolve(parameters);
  const operands = drawOperands(seed, given);
  const terms = { ...operands, mask: drawMask(seed, given), bias: drawBias(seed, given) };
  const lengths = drawLengths(seed, given);
  plant(given, terms);
  if (lengths !== undefined) poisonPastLengths(given, [terms.k, terms.v], lengths, terms.blockTable);

  const inputs = new Inputs(given.view === 'offset' ? 1 : 0);
  addOptions(seed, given, inputs, { ...terms, lengths });
  const { k, v } = addScales(seed, given, inputs, { ...operands, lengths });
  const { outShape, lseShape } = operands;
  return assemble(id, given, inputs, {
    operands: { q: operands.q, k, v },
    outShape,
    lseShape,
    ...(given.gradients && { dOut: draw(`${seed}/dOut`, outShape, given.dtype, normal) }),
    ...(given.dLse && { dLse: draw(`${seed}/dLse`, lseShape, 'float32', normal) }),
  });
}

/** int8 in place of k, v or both, with their scales. */
function addScales(
  seed: string,
  given: Resolved,
  inputs: Inputs,
  { k, v, lengths, blockTable }: Terms & Record<'k' | 'v', Values>,
): Record<'k' | 'v', Values> {
  const int8 = given.int8 ?? false;
  const operands = { k, v };
  for (const which of ['k', 'v'] as const) {
    if (int8 !== true && int8 !== which) continue;
    const { values, scale } = quantise(seed, which, operands[which], given);
    if (lengths !== undefined) poisonScale(given, scale, lengths, blockTable);
    operands[which] = which === 'v' && given.shared === true ? leadingColumns(operands.k, given.Dv) : values;
    inputs.option(`${which}Scale`, scale);
  }
  return operands;
}

interface Terms {
  mask?: Values | undefined;
  bias?: Values | undefined;
  lengths?: Values | undefined;
  blockTable?: Values | undefined;
}

function addOptions(seed: string, given: Resolved, inputs: Inputs, { mask, bias, lengths, blockTable }: Terms): void {
  inputs.scalar('layout', given.layout === 'bhld' ? undefined : given.layout);
  inputs.scalar('causal', typeof given.causal === 'number' ? { offset: given.causal } : given.causal);
  inputs.scalar('align', typeof given.align === 'number' ? { offset: given.align } : given.align);
  if (given.left !== undefined || given.right !== undefined) {
    inputs.scalar('window', { left: given.left ?? -1, right: given.right ?? -1 });
  }
  inputs.scalar('scale', given.scale);
  inputs.scalar('softcap', given.softcap);
  if (given.dropout !== undefined) inputs.scalar('dropout', { rate: given.dropout, seed: BigInt(hash(seed)) << 16n });
  inputs.option('mask', mask);
  inputs.option('bias', bias);
  inputs.option('alibiSlopes', drawSlopes(seed, given));
  inputs.option('sinks', drawSinks(seed, given));
  inputs.option('kvLengths', lengths);
  inputs.option('blockTable', blockTable);
  if (given.varlen !== undefined) {
    inputs.option('cuSeqlensQ', sequenceStarts(given.varlen, 'queries'));
    inputs.option('cuSeqlensK', sequenceStarts(given.varlen, 'keys'));
  }
  if (given.rope !== undefined) {
    inputs.rope(given.rope, { ...ropeTables(given), ...drawPositions(seed, given) });
  }
}

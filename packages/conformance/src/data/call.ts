import { hash } from '../case-id.js';
import type { CaseParameters } from '../parameters.js';
import { type Resolved, resolve } from '../resolve.js';
import { assemble, type BuiltCall } from './assemble.js';
import { Inputs } from './inputs.js';
import { drawOperands, quantise, sequenceStarts } from './operands.js';
import { plant } from './plant.js';
import { drawBias, drawLengths, drawMask, drawSinks, drawSlopes, ropeTables } from './score-terms.js';
import { draw, normal, type Values } from './values.js';

/** Builds the call that `parameters` describe. The data depends on `seed` (the id) alone. */
export function buildCall(id: string, parameters: CaseParameters, seed = id): BuiltCall {
  const given = resolve(parameters);
  const operands = drawOperands(seed, given);
  const terms = { ...operands, mask: drawMask(seed, given), bias: drawBias(seed, given) };
  const lengths = drawLengths(seed, given);
  plant(given, terms);
  if (lengths !== undefined) poisonPastLengths(given, terms, lengths);

  const inputs = new Inputs(given.view === 'offset' ? 1 : 0);
  addOptions(seed, given, inputs, { ...terms, lengths });
  let { k, v } = operands;
  if (given.int8 === true) {
    const [keys, values] = [quantise(seed, 'k', k), quantise(seed, 'v', v)];
    [k, v] = [keys.values, values.values];
    inputs.option('kScale', keys.scale);
    inputs.option('vScale', values.scale);
  }
  const { outShape, lseShape } = operands;
  return assemble(id, given, inputs, {
    operands: { q: operands.q, k, v },
    outShape,
    lseShape,
    ...(given.gradients && { dOut: draw(`${seed}/dOut`, outShape, given.dtype, normal) }),
    ...(given.dLse && { dLse: draw(`${seed}/dLse`, lseShape, 'float32', normal) }),
  });
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
    const { cos, sin } = ropeTables(given);
    inputs.options.rope = {
      cos: inputs.tensor('rope.cos', cos),
      sin: inputs.tensor('rope.sin', sin),
      style: given.rope,
    };
    inputs.reference.rope = { cos, sin, style: given.rope };
  }
}

/** Keys at or past a batch entry's length are never read, so they may be anything: NaN. */
function poisonPastLengths(
  { B, Lk, pageSize }: Resolved,
  { k, v, blockTable }: Terms & { k: Values; v: Values },
  lengths: Values,
): void {
  for (let b = 0; b < B; b++) {
    for (let key = lengths.data[b]!; key < Lk; key++) {
      for (const { data, shape } of [k, v]) {
        const [, second, third, width] = shape as [number, number, number, number];
        if (pageSize === undefined) {
          for (let h = 0; h < second; h++)
            data.fill(NaN, ((b * second + h) * third + key) * width, ((b * second + h) * third + key + 1) * width);
        } else {
          const page = blockTable!.data[b * blockTable!.shape[1]! + Math.floor(key / pageSize)]!;
          const start = (page * second + (key % pageSize)) * third * width;
          data.fill(NaN, start, start + third * width);
        }
      }
    }
  }
}

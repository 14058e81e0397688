import type { AttentionOptions as ReferenceOptions, Problem } from '@fa-metal/reference';
import { hash } from '../case-id.js';
import { type CaseParameters, type Resolved, resolve } from '../parameters.js';
import type { AttentionOptions, Call, OutputName, Tensor } from '../types.js';
import { GuardedTensor, type Placement } from './guarded.js';
import { drawOperands, quantise, sequenceStarts } from './operands.js';
import { plant } from './plant.js';
import { drawBias, drawLengths, drawMask, drawSinks, drawSlopes, ropeTables } from './score-terms.js';
import { rowMajorStrides } from './tensor.js';
import { draw, normal, type Values } from './values.js';

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

/** Collects inputs on their way into guarded memory and into the oracle's question. */
class Inputs {
  readonly guarded = new Map<string, GuardedTensor>();
  readonly options: AttentionOptions = {};
  readonly reference: Record<string, unknown> = {};

  constructor(private readonly misalign: number) {}

  tensor(name: string, values: Values, strides?: readonly number[], gap?: number): Tensor {
    const placement: Placement = { misalign: this.misalign, ...(strides === undefined ? {} : { strides }) };
    const guarded = new GuardedTensor(values.shape, values.dtype, placement).fill(values.data, gap);
    this.guarded.set(name, guarded);
    return guarded.tensor;
  }

  option(name: 'mask' | 'bias' | 'alibiSlopes' | 'sinks' | 'kvLengths' | 'cuSeqlensQ' | 'cuSeqlensK' | 'blockTable' | 'kScale' | 'vScale',
    values: Values | undefined): void {
    if (values === undefined) return;
    this.options[name] = this.tensor(name, values);
    this.reference[name] = values;
  }

  scalar<Name extends 'layout' | 'scale' | 'softcap' | 'causal' | 'align' | 'window' | 'dropout'>(
    name: Name, value: AttentionOptions[Name] | undefined,
  ): void {
    if (value === undefined) return;
    this.options[name] = value;
    this.reference[name] = value;
  }
}

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
  const question: Question = {
    problem: { q: operands.q, k, v, options: inputs.reference as ReferenceOptions },
    ...(given.gradients && { dOut: draw(`${seed}/dOut`, outShape, given.dtype, normal) }),
    ...(given.dLse && { dLse: draw(`${seed}/dLse`, lseShape, 'float32', normal) }),
  };
  const { dOut, dLse } = question;
  const outputs = allocateOutputs(given, { q: operands.q.shape, k: k.shape, v: v.shape, out: outShape, lse: lseShape }, inputs.options);
  return {
    parameters: given,
    question,
    call: {
      id,
      q: inputs.tensor('q', operands.q, gapped(given, operands.q.shape)),
      k: inputs.tensor('k', k, cached(given, k.shape)),
      v: inputs.tensor('v', v, cached(given, v.shape)),
      options: inputs.options,
      gradients: given.gradients,
      ...(given.biasGradient === false && { needs: { bias: false } as const }),
      ...(dOut && { dOut: inputs.tensor('dOut', dOut, gapped(given, outShape)) }),
      ...(dLse && { dLse: inputs.tensor('dLse', dLse) }),
      outputs: Object.fromEntries([...outputs].map(([name, { tensor }]) => [name, tensor])) as unknown as Call['outputs'],
    },
    inputs: inputs.guarded,
    outputs,
  };
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
    inputs.options.rope = { cos: inputs.tensor('rope.cos', cos), sin: inputs.tensor('rope.sin', sin), style: given.rope };
    inputs.reference.rope = { cos, sin, style: given.rope };
  }
}

/** Keys at or past a batch entry's length are never read, so they may be anything: NaN. */
function poisonPastLengths({ B, Lk, pageSize }: Resolved, { k, v, blockTable }: Terms & { k: Values; v: Values }, lengths: Values): void {
  for (let b = 0; b < B; b++) {
    for (let key = lengths.data[b]!; key < Lk; key++) {
      for (const { data, shape } of [k, v]) {
        const [, second, third, width] = shape as [number, number, number, number];
        if (pageSize === undefined) {
          for (let h = 0; h < second; h++) data.fill(NaN, ((b * second + h) * third + key) * width, ((b * second + h) * third + key + 1) * width);
        } else {
          const page = blockTable!.data[b * blockTable!.shape[1]! + Math.floor(key / pageSize)]!;
          const start = (page * second + (key % pageSize)) * third * width;
          data.fill(NaN, start, start + third * width);
        }
      }
    }
  }
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

type Shapes = Record<'q' | 'k' | 'v' | 'out' | 'lse', readonly number[]>;

function allocateOutputs(given: Resolved, shapes: Shapes, options: AttentionOptions): Map<OutputName, GuardedTensor> {
  const outputs = new Map<OutputName, GuardedTensor>();
  const misalign = given.view === 'offset' ? 1 : 0;
  const add = (name: OutputName, shape: readonly number[], dtype: Tensor['dtype']): void => {
    outputs.set(name, new GuardedTensor(shape, dtype, { misalign }).poison());
  };
  add('out', shapes.out, given.dtype);
  add('lse', shapes.lse, 'float32');
  if (!given.gradients) return outputs;
  add('dq', shapes.q, given.dtype);
  add('dk', shapes.k, given.dtype);
  add('dv', shapes.v, given.dtype);
  if (options.bias && given.biasGradient !== false) add('dBias', options.bias.shape, 'float32');
  if (options.alibiSlopes) add('dAlibiSlopes', options.alibiSlopes.shape, 'float32');
  if (options.sinks) add('dSinks', options.sinks.shape, 'float32');
  return outputs;
}

import type { AttentionOptions, Tensor } from '../types.js';
import { GuardedTensor, type Placement } from './guarded.js';
import type { Values } from './values.js';

/** Options that are tensors, as dtypes have them. */
export const optionDtypes = {
  mask: 'bool',
  bias: undefined,
  alibiSlopes: 'float32',
  sinks: 'float32',
  kvLengths: 'int32',
  cuSeqlensQ: 'int32',
  cuSeqlensK: 'int32',
  blockTable: 'int32',
  kScale: 'float32',
  vScale: 'float32',
} as const;
type TensorOption = keyof typeof optionDtypes;

/** Tables of a rotary embedding. */
export interface RopeValues {
  cos: Values;
  sin: Values;
  positionsQ?: Values;
  positionsK?: Values;
}

/** Collects inputs on their way into guarded memory and into the oracle's question. */
export class Inputs {
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

  option(name: TensorOption, values: Values | undefined): void {
    if (values === undefined) return;
    this.options[name] = this.tensor(name, values);
    this.reference[name] = values;
  }

  rope(style: 'half' | 'interleaved', { cos, sin, positionsQ, positionsK }: RopeValues): void {
    this.options.rope = {
      cos: this.tensor('rope.cos', cos),
      sin: this.tensor('rope.sin', sin),
      style,
      ...(positionsQ && { positionsQ: this.tensor('rope.positionsQ', positionsQ) }),
      ...(positionsK && { positionsK: this.tensor('rope.positionsK', positionsK) }),
    };
    this.reference.rope = { cos, sin, style, ...(positionsQ && { positionsQ }), ...(positionsK && { positionsK }) };
  }

  scalar<Name extends 'layout' | 'scale' | 'softcap' | 'causal' | 'align' | 'window' | 'dropout'>(
    name: Name,
    value: AttentionOptions[Name] | undefined,
  ): void {
    if (value === undefined) return;
    this.options[name] = value;
    this.reference[name] = value;
  }
}

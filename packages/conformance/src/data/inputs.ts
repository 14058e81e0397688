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

  scalar<Name extends 'layout' | 'scale' | 'softcap' | 'causal' | 'align' | 'window' | 'dropout'>(
    name: Name,
    value: AttentionOptions[Name] | undefined,
  ): void {
    if (value === undefined) return;
    this.options[name] = value;
    this.reference[name] = value;
  }
}

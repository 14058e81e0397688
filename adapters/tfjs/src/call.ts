import {
  type AttentionOptions as CoreOptions,
  type GradientName,
  inOperation,
  readOptions,
  refusal,
} from '@fa-metal/core';
import type { AttentionOptions } from './options.js';
import { isTensor, type Tensor } from './tensorflow.js';

/** Options that are no tensors; with rope, its style. */
export type ScalarOptions = Pick<
  CoreOptions,
  'layout' | 'scale' | 'softcap' | 'causal' | 'align' | 'window' | 'dropout' | 'kernel'
> & { ropeStyle?: 'half' | 'interleaved' };

/** What each tensor of a call is, in order, and the options besides: what tfjs calls the attributes of a kernel. */
export interface CallAttributes {
  /** Public names: `q`, `mask`, `rope.cos`. */
  inputs: readonly string[];
  options: ScalarOptions;
  /** Optional inputs whose gradient comes with dq, dk, dv; others cost a run of their own when they are asked for. */
  gradients: readonly GradientName[];
}

/** tfjs has string and complex64 besides. */
const dtypes = ['float32', 'int32', 'bool'];

/** A call as tfjs's kernels take it. */
export interface Call extends Omit<CallAttributes, 'gradients'> {
  tensors: Tensor[];
}

/**
 * Sorts a call into tensors and scalars. Checks the kinds of values, with @fa-metal/core's own reader; sizes and
 * dtypes are for the route.
 *
 * @throws FaMetalError
 */
export function readCall(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions | undefined): Call {
  return inOperation('attention', () => {
    const named = new Map<string, Tensor>(Object.entries({ q, k, v }));
    const read = readOptions(withoutTensors(options, '', named), 'described');
    for (const [name, tensor] of named) checkTensor(name, tensor);
    const { layout, scale, softcap, causal, align, window, dropout, kernel, rope } = read;
    const scalars = { layout, scale, softcap, causal, align, window, dropout, kernel, ropeStyle: rope?.style };
    return {
      inputs: [...named.keys()],
      tensors: [...named.values()],
      options: Object.fromEntries(Object.entries(scalars).filter(([, value]) => value !== undefined)),
    };
  });
}

function checkTensor(argument: string, tensor: unknown): void {
  if (!isTensor(tensor)) throw notATensor(argument, tensor);
  if (tensor.isDisposed) throw notATensor(argument, 'one that was disposed');
  if (dtypes.includes(tensor.dtype)) return;
  throw refusal({ code: 'DTYPE_MISMATCH', argument, expected: `a dtype of ${dtypes.join(', ')}`, got: tensor.dtype });
}

/** Copies options, each tf tensor as its shape and dtype; the tensors themselves go to `found` by name. */
function withoutTensors(options: unknown, prefix: string, found: Map<string, Tensor>): unknown {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (isTensor(value)) {
      found.set(prefix + name, value);
      copy[name] = { shape: value.shape, dtype: value.dtype };
    } else if (name === 'rope') {
      copy[name] = withoutTensors(value, 'rope.', found);
    } else if (isHostTensor(value)) {
      throw notATensor(prefix + name, value);
    } else {
      copy[name] = value;
    }
  }
  return copy;
}

/** @fa-metal/core's kind of tensor, which would pass its reader here. */
function isHostTensor(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value;
}

function notATensor(argument: string, value: unknown) {
  return refusal({ code: 'INVALID_ARGUMENT', argument, expected: 'a tf.Tensor', got: describe(value) });
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return `an object of class ${value.constructor?.name ?? 'unknown'}`;
}

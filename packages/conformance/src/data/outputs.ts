import type { Resolved } from '../resolve.js';
import type { AttentionOptions, OutputName, Tensor } from '../types.js';
import { GuardedTensor } from './guarded.js';

/** Of the operands, and of what has a shape of its own. */
export type Shapes = Record<'q' | 'k' | 'v' | 'out' | 'lse', readonly number[]>;

/** Poisoned memory for every result of a call. */
export function allocateOutputs(
  given: Resolved,
  shapes: Shapes,
  options: AttentionOptions,
): Map<OutputName, GuardedTensor> {
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

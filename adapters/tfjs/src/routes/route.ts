import { type DeviceInfo, type GradientName, supportedGradients } from '@fa-metal/core';
import type { CallAttributes } from '../call.js';
import type { TensorInfo } from '../tensorflow.js';

/** How attention is computed. */
export type RouteName = 'tensorflow-op' | 'copy' | 'composed';

/** One way to compute attention on one tfjs backend. Both functions run inside a tfjs kernel: nothing is taped. */
export interface Route {
  readonly name: RouteName;
  /** Absent where tfjs's own ops do the work. */
  readonly device?: DeviceInfo;
  /** Optional inputs whose gradient `backward` gives. */
  readonly gradients: readonly GradientName[];
  /** Gives out, lse, softmaxStats; the last is empty where there is nothing to save. */
  forward(tensors: readonly TensorInfo[], call: CallAttributes): TensorInfo[];
  /**
   * Takes the inputs of `forward` followed by out, lse, softmaxStats, dOut, dLse. Gives dq, dk, dv, then the gradients
   * that `call.gradients` names, in that order.
   */
  backward(tensors: readonly TensorInfo[], call: CallAttributes): TensorInfo[];
}

/** The tensors of a call by name. */
export function byName<T>(names: readonly string[], values: readonly T[]): Map<string, T> {
  return new Map(names.map((name, index) => [name, values[index] as T]));
}

/** Optional inputs whose gradient a device computes. */
export function gradientsOf({ backend }: DeviceInfo): GradientName[] {
  return (Object.keys(supportedGradients) as GradientName[]).filter((name) => supportedGradients[name][backend]);
}

/** Name that the gradient of an optional input has in @fa-metal/core. */
export const gradientNames = { bias: 'dBias', alibiSlopes: 'dAlibiSlopes', sinks: 'dSinks' } as const;

/** What the gradient adds to the inputs of the forward call. */
export const backwardInputs = ['out', 'lse', 'softmaxStats', 'dOut', 'dLse'] as const;

import type { AttentionOptions as CoreOptions, Tensor as HostTensor } from '@fa-metal/core';
import type { Tensor } from './tensorflow.js';

type OnTensors<T> = T extends HostTensor ? Tensor : T extends object ? { [K in keyof T]: OnTensors<T[K]> } : T;

/**
 * Options of @fa-metal/core with tf tensors in place of its own.
 *
 * layout `bhld` (default) or `blhd`; scale; softcap; causal, align; window; dropout; kernel; and as tensors mask
 * (bool [1|B, 1|Hq, 1|Lq, Lk], true = keep), bias (float32, same shape), alibiSlopes, sinks, kvLengths and the rest.
 */
export type AttentionOptions = OnTensors<CoreOptions>;

import { callNative, inOperation } from './errors.js';
import type { NativeDevice, NativeForwardCall } from './native.js';
import { readOptions } from './options.js';
import { readTensor, zeros } from './tensor.js';
import type { AttentionOptions, AttentionResult, Layout, Tensor } from './types.js';

/** A forward call with its outputs. */
export interface PreparedForward {
  call: NativeForwardCall;
  result: AttentionResult;
}

export interface ForwardInputs {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  options: AttentionOptions | undefined;
}

/**
 * Checks a call and makes room for what it gives back. Planning checks that shapes and options fit each other.
 *
 * @throws FaMetalError
 */
export function prepareForward(device: NativeDevice, inputs: ForwardInputs): PreparedForward {
  return inOperation('attention', () => {
    const q = readTensor('q', inputs.q);
    const k = readTensor('k', inputs.k);
    const v = readTensor('v', inputs.v);
    const options = readOptions(inputs.options);
    callNative(() => device.plan({ q, k, v, options, direction: 'forward' }));
    const shapes = outputShapes(q.shape, v.shape, options.layout);
    const result: AttentionResult = {
      out: zeros('out', shapes.out, q.dtype),
      lse: zeros('lse', shapes.lse, 'float32'),
      softmaxStats: zeros('softmaxStats', [2, ...shapes.lse], 'float32'),
    };
    return { call: { q, k, v, ...result, options }, result };
  });
}

interface OutputShapes {
  /** As q, with the width of v. */
  out: number[];
  /** [B, Hq, Lq]; [Hq, Tq] for packed sequences. */
  lse: number[];
}

function outputShapes(q: readonly number[], v: readonly number[], layout: Layout | undefined): OutputShapes {
  const rows = q.slice(0, -1);
  const headsLast = layout === 'blhd' || rows.length === 2;
  const lse = headsLast ? [...rows.slice(0, -2), ...rows.slice(-2).reverse()] : rows;
  return { out: [...rows, ...v.slice(-1)], lse };
}

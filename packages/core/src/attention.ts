import { callNative, inOperation } from './errors.js';
import type { NativeDevice, NativeForwardCall } from './native.js';
import { readOptions } from './options.js';
import { checkBuffer, readTensor, zeros } from './tensor.js';
import type { AttentionOptions, AttentionResult, DeviceInfo, Tensor } from './types.js';

/** A forward call that has been checked and has its outputs. */
export interface PreparedForward {
  call: NativeForwardCall;
  result: AttentionResult;
}

/**
 * Checks a call and makes room for what it gives back.
 *
 * @throws FaMetalError
 */
export function prepareForward(
  device: NativeDevice,
  info: DeviceInfo,
  inputs: { q: Tensor; k: Tensor; v: Tensor },
  givenOptions: AttentionOptions | undefined,
): PreparedForward {
  return inOperation('attention', () => {
    const q = readTensor('q', inputs.q);
    const k = readTensor('k', inputs.k);
    const v = readTensor('v', inputs.v);
    const options = readOptions(givenOptions);
    callNative(() => device.plan({ q, k, v, options, direction: 'forward' }));
    checkBuffer('q', q);
    checkBuffer('k', k);
    checkBuffer('v', v);
    const shapes = outputShapes(q.shape, v.shape, options.layout);
    const result: AttentionResult = {
      out: zeros('out', shapes.out, q.dtype),
      lse: zeros('lse', shapes.lse, 'float32'),
      ...(info.backend === 'cpu' && { softmaxStats: zeros('softmaxStats', [2, ...shapes.lse], 'float32') }),
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

function outputShapes(q: readonly number[], v: readonly number[], layout: AttentionOptions['layout']): OutputShapes {
  const rows = q.slice(0, -1);
  const headsLast = layout === 'blhd' || rows.length === 2;
  const lse = headsLast ? [...rows.slice(0, -2), ...rows.slice(-2).reverse()] : rows;
  return { out: [...rows, ...v.slice(-1)], lse };
}

import type { Adapter, Call, Outputs, Tensor } from '../src/index.js';
import { naiveAdapter } from './naive-adapter.js';

export const floats = (tensor: Tensor | undefined): Float32Array => tensor!.data as Float32Array;

/** The naive adapter with a fault in the call it makes or in what it gives back. */
export function faulty(fault: {
  call?: (call: Call) => Partial<Call>;
  outputs?: (outputs: Outputs, call: Call) => void;
}): Adapter {
  return {
    ...naiveAdapter,
    async run(call) {
      const outputs = await naiveAdapter.run({ ...call, ...fault.call?.(call) });
      fault.outputs?.(outputs, call);
      return outputs;
    },
  };
}

export const withOptions = (change: (options: Call['options']) => Call['options']): Adapter =>
  faulty({ call: ({ options }) => ({ options: change(options) }) });

export const withOutputs = (outputs: (outputs: Outputs, call: Call) => void): Adapter => faulty({ outputs });

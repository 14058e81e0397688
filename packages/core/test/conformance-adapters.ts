import type { Adapter, Call, Outputs } from '@fa-metal/conformance';
import { kernels } from '../src/generated/kernels.js';
import {
  type AttentionOptions,
  type Device,
  type NativeBackwardCall,
  type NativeForwardCall,
  type NativeProblem,
  openDeviceSync,
} from '../src/index.js';
import { notSupported } from '../test-support/not-supported.js';

export { notSupported };

/** Devices by thread count, opened when first asked for. */
function deviceCache(isa: string | undefined): (threads: number) => Device {
  const devices = new Map<number, Device>();
  return (threads) => {
    const known =
      devices.get(threads) ?? openDeviceSync({ backend: 'cpu', threads, ...(isa !== undefined && { isa }) });
    devices.set(threads, known);
    return known;
  };
}

/**
 * The public interface, which makes the memory of its results itself.
 *
 * @param mode from-lse: the gradients are given no softmaxStats, as by callers that keep only out and lse
 */
export function publicAdapter(name: string, mode: 'sync' | 'async' | 'from-lse'): Adapter {
  const deviceOf = deviceCache(undefined);
  return {
    name,
    manifest: {
      notSupported: notSupported('cpu'),
      skipped: { 'refusals:output': 'results are memory of its own' },
      gradientsFromLse: mode === 'from-lse',
    },
    threadCounts: [1, 2, 5],
    async run({ q, k, v, options, dOut, dLse, needs, forwardResults, threads = 0 }) {
      const device = deviceOf(threads);
      const given = options as AttentionOptions;
      const forward = mode === 'async' ? await device.attention(q, k, v, given) : device.attentionSync(q, k, v, given);
      const { out, lse, softmaxStats } = forward;
      if (dOut === undefined) return { out, lse };
      const stats = mode !== 'from-lse' && softmaxStats && { softmaxStats };
      const inputs = {
        q,
        k,
        v,
        out,
        lse,
        dOut,
        ...stats,
        ...(dLse && { dLse }),
        ...(needs && { needs }),
        ...forwardResults,
      };
      const gradients =
        mode === 'async' ? await device.attentionBackward(inputs, given) : device.attentionBackwardSync(inputs, given);
      return { out, lse, ...gradients };
    },
  };
}

const forwardKernels = Object.entries(kernels)
  .filter(([, { backend, direction }]) => backend === 'cpu' && direction === 'forward')
  .map(([name]) => name);

/** A forward kernel that the cpu backend does not choose for a call; none where the call will be refused. */
function unchosenKernel(device: Device, { q, k, v, options }: Call): string | undefined {
  if ('kernel' in options) return undefined;
  try {
    const { kernel } = device.native.plan({ q, k, v, options: options as AttentionOptions, direction: 'forward' });
    return forwardKernels.find((name) => name !== kernel);
  } catch {
    return undefined;
  }
}

/**
 * One instruction set, writing into guarded memory of the suite's.
 *
 * @param forward whether calls run on the kernel that the backend chooses, or on the other one
 */
export function memoryAdapter(isa: string, forward: 'chosen' | 'unchosen' = 'chosen'): Adapter {
  const deviceOf = deviceCache(isa);
  return {
    name: forward === 'chosen' ? `core-${isa}` : `core-${isa}-${forward}`,
    manifest: {
      notSupported: notSupported('cpu'),
      skipped: { 'refusals:kind': 'what only the TypeScript side can see' },
    },
    threadCounts: [1, 2, 5],
    run(call) {
      const device = deviceOf(call.threads ?? 0);
      return runInto(device, call, { forward: forward === 'chosen' ? undefined : unchosenKernel(device, call) });
    },
  };
}

/** Kernels to force; without a name, the backend chooses. */
export interface ForcedKernels {
  forward?: string | undefined;
  backward?: string | undefined;
}

/** Both, one after the other. */
export function memoryAdapters(isa: string): Adapter[] {
  return [memoryAdapter(isa), memoryAdapter(isa, 'unchosen')];
}

/** Of a native device, in this process or in another. */
export interface Computes {
  native: {
    plan(problem: NativeProblem): unknown;
    forward(call: NativeForwardCall): unknown;
    backward(call: NativeBackwardCall): unknown;
  };
}

/** Through the native interface, so that results go into the suite's own memory. */
export async function runInto(device: Computes, call: Call, forced: ForcedKernels = {}): Promise<Outputs> {
  const { q, k, v, options, dOut, dLse, outputs, forwardResults } = call;
  const withKernel = (kernel?: string) => ({ ...(options as AttentionOptions), ...(kernel && { kernel }) });
  const [forwardOptions, backwardOptions] = [withKernel(forced.forward), withKernel(forced.backward)];
  const { out, lse, dq, dk, dv, ...optional } = outputs;
  const softmaxStats = {
    data: new Float32Array((2 * lse.data.byteLength) / 4),
    shape: [2, ...lse.shape],
    dtype: 'float32' as const,
  };
  await device.native.plan({ q, k, v, options: forwardOptions, direction: 'forward' });
  if (dOut !== undefined) await device.native.plan({ q, k, v, options: backwardOptions, direction: 'backward' });
  await device.native.forward({ q, k, v, out, lse, softmaxStats, options: forwardOptions });
  if (dOut === undefined) return { out, lse };
  const results = { out, lse, softmaxStats, ...forwardResults };
  await device.native.backward({
    q,
    k,
    v,
    ...results,
    dOut,
    ...(dLse && { dLse }),
    dq: dq!,
    dk: dk!,
    dv: dv!,
    ...optional,
    options: backwardOptions,
  });
  return outputs;
}

import { readValues } from '@fa-metal/conformance';
import { type AttentionResult, type Device, openDeviceSync, type Tensor, version } from '@fa-metal/core';
import type { Direction, Problem } from '../../report/schema.js';
import { type Call, makeCall } from '../call.js';
import type { Host, Loaded } from './host.js';

/** Ours through @fa-metal/core: `fa-metal` on the CPU, `fa-metal avx2` held to an instruction set, `fa-metal metal` on a GPU. */
export function openCore(threads: number): Host {
  const devices = new Map<string, Device>();
  return {
    versions: { 'fa-metal': version },
    load: async (contestant, problem, parts) => {
      const device = devices.get(contestant) ?? openVariant(contestant, threads);
      devices.set(contestant, device);
      return new FusedCalls(device, parts.length > 0 ? parts : [problem]);
    },
  };
}

function openVariant(contestant: string, threads: number): Device {
  const [, variant] = contestant.split(' ');
  if (variant === 'metal') return openDeviceSync({ backend: 'metal' });
  return openDeviceSync({ backend: 'cpu', threads, ...(variant !== undefined && { isa: variant }) });
}

/** Calls that are made one after another. */
class FusedCalls implements Loaded {
  private readonly calls: readonly Call[];
  /** What `backward` alone starts from. */
  private forwards: readonly AttentionResult[] = [];

  constructor(
    private readonly device: Device,
    problems: readonly Problem[],
  ) {
    this.calls = problems.map(makeCall);
  }

  run(direction: Direction): void {
    if (direction === 'forward') for (const call of this.calls) this.forward(call);
    if (direction === 'forward+backward') for (const call of this.calls) this.backward(call, this.forward(call));
    if (direction === 'backward') {
      if (this.forwards.length === 0) this.forwards = this.calls.map((call) => this.forward(call));
      for (const [index, call] of this.calls.entries()) this.backward(call, this.forwards[index] as AttentionResult);
    }
  }

  async results(direction: Direction): Promise<Record<string, ArrayLike<number>>> {
    const call = this.calls.at(-1) as Call;
    const forward = this.forward(call);
    const { out, lse } = forward;
    const tensors: Record<string, Tensor | undefined> =
      direction === 'forward' ? { out, lse } : { out, lse, ...this.backward(call, forward) };
    return Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) => (tensor ? [[name, readValues(tensor)]] : [])),
    );
  }

  release(): void {
    this.forwards = [];
  }

  private forward({ q, k, v, options }: Call): AttentionResult {
    return this.device.attentionSync(q, k, v, options);
  }

  private backward({ q, k, v, dOut, options, needs }: Call, forward: AttentionResult) {
    return this.device.attentionBackwardSync({ q, k, v, dOut, needs, ...forward }, options);
  }
}

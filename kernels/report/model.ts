import { type Counts, figure, products } from './count.js';
import { binding } from './fa-headers.js';
import { core, hiding, type MetalProfile } from './generated/metal-model.js';

/**
 * A core of Apple's GPUs of family 7 and 8 (M1, M2) as a set of pipes, in cycles of one of its four schedulers. Nothing of
 * this was measured by us: the figures are from philipturner/metal-benchmarks ("benchmarks") and metal-flash-attention, or
 * fitted where that is said. It ranks variants of one kernel; what it predicts may be wrong by a third. The constants are in
 * kernels/variants/metal-model.json; native/runtime/metal/cost_model.cc is the same for plans.
 */
export { core };

/** Work per unit: a matrix product, or 512 elements where a kernel has none. */
export interface Profile extends MetalProfile {
  /** Touched at least once. */
  uniqueBytes: number;
  threadgroupBytes: number;
}

const byValue = ['kParams', 'kGradientParams', 'kSplitParams', 'kBiasParams'].map(binding);

/** `per`: units of work. */
export function profileOf(counts: Counts, per = products(counts)): Profile {
  const of = (...names: string[]) => names.reduce((sum, name) => sum + figure(counts, name), 0) / per;
  const ofThreads = (...names: string[]) => of(...names) / core.lanes;
  // Arguments by value lie in uniform registers.
  const tensors = Object.entries(counts.buffers).filter(([index]) => !byValue.includes(Number(index)));
  const device = (pick: (traffic: Counts['buffers'][string]) => number) =>
    tensors.reduce((sum, [, traffic]) => sum + pick(traffic), 0) / per;
  return {
    arithmetic: ofThreads('multiply_adds', 'additions', 'multiplications', 'comparisons', 'conversions'),
    exp2: ofThreads('exp2', 'other_math'),
    divisions: ofThreads('divisions'),
    shuffles: of('shuffles', 'reductions', 'prefixes', 'votes'),
    accesses: of('threadgroup_requests') + device(({ accesses }) => accesses) / core.lanes,
    bankCycles: of('bank_cycles_16'),
    deviceBytes: device(({ read, written }) => read + written),
    uniqueBytes: device((traffic) => traffic.unique_read + traffic.unique_written),
    threadgroupBytes: of('threadgroup_bytes_read', 'threadgroup_bytes_written'),
    barriers: of('threadgroup_barriers'),
  };
}

/** What a variant takes of a core. */
export interface Footprint {
  registers: number;
  threadgroupBytes: number;
  simdgroups: number;
}

export type Bound = 'issue' | 'threadgroup' | 'cache' | 'exp2' | 'memory';

export interface Prediction {
  /** Of what the peak of multiply-adds, and the memory's speed where it counts, allow. */
  utilisation: number;
  bound: Bound;
  simdgroupsPerCore: number;
}

/** Simdgroups that a core holds at once. */
export function simdgroupsPerCore({ registers, threadgroupBytes, simdgroups }: Footprint): number {
  const perThread = Math.min(Math.max(registers, core.leastRegisters), core.registersPerThread) * 4;
  const steps = Math.floor(core.registerBytes / perThread / core.threadStep);
  const byRegisters = Math.min(core.mostThreads, steps * core.threadStep) / core.lanes;
  const groups = Math.min(
    Math.floor(byRegisters / simdgroups),
    threadgroupBytes === 0 ? Number.POSITIVE_INFINITY : Math.floor(core.threadgroupBytes / threadgroupBytes),
  );
  return groups * simdgroups;
}

/** How much of a core's speed its simdgroups can use. */
export function latencyHiding(simdgroups: number): number {
  const above = hiding.findIndex((point) => point.simdgroups > simdgroups);
  const [low, high] = [hiding.at(above - 1)!, hiding[above]];
  if (high === undefined) return hiding.at(-1)!.part;
  const share = (simdgroups - low.simdgroups) / (high.simdgroups - low.simdgroups);
  return low.part + share * (high.part - low.part);
}

/** `streams`: every byte is used once, so that the memory's speed counts. Else blocks are read again, from the cache. */
export function predict(work: Profile, footprint: Footprint, { products = 1, streams = false } = {}): Prediction {
  const issue =
    products * core.product +
    work.arithmetic +
    work.exp2 +
    work.divisions +
    work.shuffles +
    work.accesses * (1 + core.addressPerAccess);
  const cache = (core.schedulers * work.deviceBytes) / core.cacheBytes;
  const times: Record<Bound, number> = {
    issue,
    // Staging reads the cache while it writes threadgroup memory: one path.
    threadgroup: work.bankCycles === 0 ? 0 : core.bankCycle * work.bankCycles + cache,
    cache,
    exp2: core.exp2 * work.exp2 + core.reciprocal * work.divisions + core.shuffle * work.shuffles,
    memory: streams ? (core.schedulers * work.uniqueBytes) / core.memoryBytes : 0,
  };
  const bound = (Object.keys(times) as Bound[]).reduce((worst, name) => (times[name] > times[worst] ? name : worst));
  const simdgroups = simdgroupsPerCore(footprint);
  const least = Math.max(times.memory, products * core.product);
  return {
    utilisation: (least / times[bound]) * (bound === 'memory' ? 1 : latencyHiding(simdgroups)),
    bound,
    simdgroupsPerCore: simdgroups,
  };
}

import { type Counts, figure, products } from './count.js';
import { binding } from './fa-headers.js';

/**
 * A core of Apple's GPUs of family 7 and 8 (M1, M2) as a set of pipes, in cycles of one of its four schedulers. Nothing of
 * this was measured by us: the figures are from philipturner/metal-benchmarks ("benchmarks") and metal-flash-attention, or
 * fitted where that is said. It ranks variants of one kernel; what it predicts may be wrong by a third.
 */
export const core = {
  schedulers: 4,
  lanes: 32,
  /** Issue slots of an 8x8x8 product: 512 multiply-adds by 32 lanes. MFA's GEMM reaches 93 % of that on M1. */
  product: 16,
  /** Extra integer instruction for the address of an access; MLX's kernels have 0.17 to 0.32 (fitted: 0.25). */
  addressPerAccess: 0.25,
  /** Slots of the shared pipes per simdgroup instruction: 32 exp2, 21 reciprocals, 64 shuffled words per core and cycle. */
  exp2: 4,
  reciprocal: 6,
  shuffle: 2,
  /** Threadgroup memory: 16 banks of 4 bytes serve one request per core and cycle (benchmarks). */
  bankCycle: 4,
  /** Bytes from the L1 cache per core and cycle (benchmarks). */
  cacheBytes: 64,
  /** Bytes from memory per core and cycle: M1 Max, 400 GB/s over 32 cores at 1.3 GHz (Apple's specification). */
  memoryBytes: 9.6,
  /** Registers (208 KiB) and threadgroup memory (60 KiB) that the simdgroups of a core share (benchmarks). */
  registerBytes: 208 * 1024,
  threadgroupBytes: 60 * 1024,
  /** Threads of a core are given out by 64, at least as if each had 52 registers, at most 1024 (benchmarks). */
  threadStep: 64,
  leastRegisters: 52,
  mostThreads: 1024,
  /** 32-bit registers of a thread; beyond, they spill. */
  registersPerThread: 128,
} as const;

/** Work per matrix product of one simdgroup, in instructions of a simdgroup unless the name says otherwise. */
export interface Profile {
  /** Multiply-adds, additions, multiplications, comparisons, conversions. */
  arithmetic: number;
  exp2: number;
  divisions: number;
  shuffles: number;
  accesses: number;
  bankCycles: number;
  /** Asked of the cache, and touched at least once. */
  deviceBytes: number;
  uniqueBytes: number;
  threadgroupBytes: number;
  barriers: number;
}

const byValue = [binding('kParams'), binding('kGradientParams'), binding('kSplitParams')];

/** `per`: products, or another unit of work where a kernel has none. */
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

/**
 * How much of a core's speed its simdgroups can use. 12 are enough (MFA runs that many at 83 %); below, as the benchmarks'
 * table of dependent multiply-adds falls (fitted).
 */
export function latencyHiding(simdgroups: number): number {
  if (simdgroups >= 12) return 1;
  if (simdgroups >= 8) return 0.85 + (0.15 * (simdgroups - 8)) / 4;
  if (simdgroups >= 4) return 0.5 + (0.35 * (simdgroups - 4)) / 4;
  return simdgroups / 8;
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

import type { CostBound } from '../generated/enums.js';

export type { CostBound };

/** A choice of kernel, printable. */
export interface Plan {
  backend: string;
  /** As `options.kernel` takes it. */
  kernel: string;
  /**
   * Sizes in rows by name. cpu: `queryBlock`, `keyBlock`, `lanes`. metal: `width` and `valueWidth`, the largest D and Dv of
   * the kernels; of each kernel `<variant>.rows`, `.block` and `.simdgroups`; splits and heads that are done at once.
   */
  tiles: Record<string, number>;
  /** Independent pieces of work, of all kernels together. */
  tasks: number;
  /** Memory beside the tensors of the call. */
  scratchBytes: number;
  why: string;
  /**
   * metal only: what the kernels do in this very problem. Packed sequences count as equally long, caches as full. Left out
   * where there is nothing to do, and for more than 2^16 sequences or 2^24 rows, of which no list is made.
   */
  cost?: PlanCost;
}

/** A prediction, not measured on Apple hardware: kernels/variants/metal-model.json has its constants and their sources. */
export interface PlanCost {
  /** What these figures are, for whoever prints them. */
  says: string;
  /** In the order in which they run. */
  kernels: readonly KernelCost[];
}

/** One kernel of a plan, in all of its dispatches. */
export interface KernelCost {
  /** Variant: a name of kernels/variants/metal.json, such as `forward_f16_64`. */
  kernel: string;
  threadgroups: number;
  /** Of a threadgroup. */
  threads: number;
  /** 8x8x8 multiply-adds of a simdgroup, 0 for kernels that only sum or copy. */
  products: number;
  /** Of floating point, two for each multiply-add of products. */
  operations: number;
  /** Bytes of device memory that are asked of the caches. */
  deviceBytes: number;
  /** Bytes of the tensors that it reads and writes, each once: what has to come from memory. */
  memoryBytes: number;
  /** 32-bit ones per thread, in a call without options. */
  registers: number;
  /** Threadgroup memory that it declares. */
  threadgroupBytes: number;
  /** Simdgroups that a core of the GPU holds at once. */
  simdgroupsPerCore: number;
  /** 0 to 1, of what the peak of multiply-adds and the memory's speed allow. */
  utilisation: number;
  /** What holds it back: issue slots, threadgroup memory, L1 cache, shared pipes (exp2, division, shuffles), memory. */
  bound: CostBound;
  /** Cycles that one core would take: divide by the GPU's cores. Compares plans and tiles. */
  coreCycles: number;
}

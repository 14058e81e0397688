/** What a buffer holds. Half precision travels as its bits. */
export type Values = Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** One dispatch. Buffers are named, so that a later step can read what an earlier one wrote. */
export interface Step {
  function: string;
  /** Threadgroups; or `total` threads, which need not fill the last threadgroups. */
  grid?: [number, number, number];
  total?: [number, number, number];
  threads: [number, number, number];
  /** Argument index -> name of a buffer. */
  buffers: Record<number, string>;
  /** Argument index -> what setBytes: gets. */
  bytes?: Record<number, Values>;
  /** Function constant's index -> value as the command line spells it. */
  constants?: Record<number, string>;
  /** Index -> bytes of threadgroup memory. */
  threadgroupMemory?: Record<number, number>;
}

export interface Expected {
  values: ArrayLike<number>;
  /** Largest allowed difference; 0 for integers. */
  tolerance: number;
}

/** A kernel with its inputs and what must come out, worked out here by other means. */
export interface Example {
  /** What it shows of MSL. */
  shows: string;
  buffers: Record<string, Values>;
  steps: Step[];
  expected: Record<string, Expected>;
}

/** Reproducible numbers in [-1, 1). */
export function noise(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

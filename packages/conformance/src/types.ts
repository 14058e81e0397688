/** Element types of the op's tensors. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int8' | 'bool';

/** A tensor in host memory; the same shape of object as @fa-metal/core's, which this package does not import. */
export interface Tensor {
  data: ArrayBufferView;
  shape: readonly number[];
  dtype: DType;
  /** Elements between neighbours along each axis; default row-major. */
  strides?: readonly number[];
}

/** Options of the op, as in @fa-metal/core. */
export interface AttentionOptions {
  layout?: 'bhld' | 'blhd';
  scale?: number;
  softcap?: number;
  causal?: 'none' | 'topLeft' | 'bottomRight' | { offset: number };
  align?: 'topLeft' | 'bottomRight' | { offset: number };
  window?: { left: number; right: number };
  mask?: Tensor;
  bias?: Tensor;
  alibiSlopes?: Tensor;
  sinks?: Tensor;
  dropout?: { rate: number; seed: bigint };
  kvLengths?: Tensor;
  cuSeqlensQ?: Tensor;
  cuSeqlensK?: Tensor;
  blockTable?: Tensor;
  rope?: { cos: Tensor; sin: Tensor; style: 'half' | 'interleaved'; positionsQ?: Tensor; positionsK?: Tensor };
  kScale?: Tensor;
  vScale?: Tensor;
  kernel?: string;
}

/** What an adapter gives back. */
export interface Outputs {
  out: Tensor;
  lse?: Tensor;
  dq?: Tensor;
  dk?: Tensor;
  dv?: Tensor;
  dBias?: Tensor;
  dAlibiSlopes?: Tensor;
  dSinks?: Tensor;
}
export type OutputName = keyof Outputs;
export const outputNames: readonly OutputName[] = ['out', 'lse', 'dq', 'dk', 'dv', 'dBias', 'dAlibiSlopes', 'dSinks'];

/** One call that an adapter is asked to make: the forward pass and, with `gradients`, the backward pass after it. */
export interface Call {
  /** Replayable name of the case. */
  id: string;
  q: Tensor;
  k: Tensor;
  v: Tensor;
  options: AttentionOptions;
  gradients: boolean;
  /** `false` for an option that is a constant: its gradient is not wanted. */
  needs?: { bias?: false };
  /** Present with `gradients`. */
  dOut?: Tensor;
  dLse?: Tensor;
  /**
   * Guarded memory for the results, holding a poison pattern. An adapter whose host writes into memory of the
   * caller's hands these over and returns them, so that writes past an end are noticed; others ignore them.
   */
  outputs: Required<Pick<Outputs, 'out' | 'lse'>> & Outputs;
  /** Run on this many threads; only for adapters that declare `threadCounts`. */
  threads?: number;
  /** Hand these to the backward pass in place of the forward pass's own results; only in cases of refusal. */
  forwardResults?: { out?: Tensor; lse?: Tensor };
}

/** What an adapter does not do, by feature name (features.ts), each with its reason. */
export interface Manifest {
  /** The implementation refuses these; the suite checks that it does. */
  notSupported: Readonly<Record<string, string>>;
  /** The host has no way to say these, so they cannot even be refused; such cases are skipped. */
  skipped?: Readonly<Record<string, string>>;
  /** Results besides `out` that the host hands over. Default both. */
  outputs?: readonly ('lse' | 'gradients')[];
  /** Gradients are computed from lse alone, so they may inherit its rounding (contract, Accuracy). Default false. */
  gradientsFromLse?: boolean;
}

export interface Adapter {
  name: string;
  manifest: Manifest;
  run(call: Call): Outputs | Promise<Outputs>;
  /** Thread counts that `run` honours; determinism cases compare their results to the bit. */
  threadCounts?: readonly number[];
}

export type Status = 'pass' | 'fail' | 'not-supported' | 'skipped';
export const statuses: readonly Status[] = ['pass', 'fail', 'not-supported', 'skipped'];

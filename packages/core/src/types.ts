/** Element types of the op's tensors. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int8' | 'bool';

/**
 * A dense tensor in host memory.
 *
 * float16 and bfloat16 elements live in a `Uint16Array` (or a `Float16Array` where Node has one),
 * bool in a `Uint8Array` of 0 and 1.
 */
export interface Tensor {
  data: ArrayBufferView;
  shape: readonly number[];
  dtype: DType;
  /** Elements between neighbours along each axis; default row-major. The innermost stride is 1. */
  strides?: readonly number[];
}

/** Where the causal diagonal lies: key `j` is visible to query `i` iff `j <= i + offset`. */
export type Causal = 'none' | 'topLeft' | 'bottomRight' | { offset: number };
/** The diagonal that window and ALiBi measure from when there is no causal one. */
export type Align = 'topLeft' | 'bottomRight' | { offset: number };

/** Options of the op; contract.md's meaning, in that order. */
export interface AttentionOptions {
  /** Order of axes in q, k, v, out. Default `bhld`. */
  layout?: 'bhld' | 'blhd';
  /** Factor on the dot products. Default `1 / sqrt(D)`. */
  scale?: number;
  /** `c`: scores become `c * tanh(s / c)`. Default off. */
  softcap?: number;
  /** Default `none`. Never a boolean: `topLeft` and `bottomRight` differ when Lq != Lk. */
  causal?: Causal;
  /** Default: as `causal`, else `bottomRight`. */
  align?: Align;
  /** Keys to the left and right of the diagonal that stay visible; -1 = unbounded. */
  window?: { left: number; right: number };
  /** bool, true = keep; [1|B, 1|Hq, 1|Lq, Lk]. */
  mask?: Tensor;
  /** float, added to the scores; [1|B, 1|Hq, 1|Lq, Lk]. */
  bias?: Tensor;
  /** float32 [Hq] or [B, Hq]. */
  alibiSlopes?: Tensor;
  /** float32 [Hq]: a logit that joins the denominator only. */
  sinks?: Tensor;
  /** Dropout on the probabilities by Philox4x32-10. */
  dropout?: { rate: number; seed: bigint };
  /** int32 [B]: keys at or past the length are invisible and never read. */
  kvLengths?: Tensor;
  /** int32 [B + 1]: packed sequences. */
  cuSeqlensQ?: Tensor;
  /** int32 [B + 1]: packed sequences. */
  cuSeqlensK?: Tensor;
  /** int32 [B, maxPages]: k and v are pools of pages. */
  blockTable?: Tensor;
  rope?: { cos: Tensor; sin: Tensor; style: 'half' | 'interleaved'; positionsQ?: Tensor; positionsK?: Tensor };
  /** float32 per token and head: k is int8. */
  kScale?: Tensor;
  /** float32 per token and head: v is int8. */
  vScale?: Tensor;
  /** Force one kernel of the plan table; refused if it does not fit. */
  kernel?: string;
}

/** What `attention` gives back. */
export interface AttentionResult {
  /** [B, Hq, Lq, Dv] (or [B, Lq, Hq, Dv]), dtype of q. */
  out: Tensor;
  /** [B, Hq, Lq] float32, natural logarithm; -Infinity for a row that sees no key. */
  lse: Tensor;
  /**
   * [2, B, Hq, Lq] float32: row maximum in log2 units, and denominator. Hand it to `attentionBackward`
   * for gradients that do not inherit the rounding of `lse`; only the cpu backend fills it.
   */
  softmaxStats?: Tensor;
}

/** What `attentionBackward` takes. */
export interface AttentionBackwardInputs {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  out: Tensor;
  lse: Tensor;
  dOut: Tensor;
  /** Gradient of lse, [B, Hq, Lq] float32. */
  dLse?: Tensor;
  softmaxStats?: Tensor;
}

/** Gradients; the optional ones are present iff the option was given as float data. */
export interface AttentionGradients {
  dq: Tensor;
  dk: Tensor;
  dv: Tensor;
  dBias?: Tensor;
  dAlibiSlopes?: Tensor;
  dSinks?: Tensor;
}

export interface DeviceInfo {
  backend: 'cpu' | 'metal';
  name: string;
  /** True on the software Metal device. */
  software: boolean;
  /** GPU family, e.g. `apple9`. */
  family?: string;
  /** Instruction set of the cpu backend, e.g. `avx512`. */
  isa?: string;
  threads: number;
  version: string;
}

/** A choice of kernel, printable. */
export interface Plan {
  backend: string;
  kernel: string;
  tiles: Record<string, number>;
  tasks: number;
  scratchBytes: number;
  why: string;
}

/** Shapes and options of a call, without data: what `supports` and `plan` look at. */
export interface ProblemDescription {
  q: TensorShape;
  k: TensorShape;
  v: TensorShape;
  options?: AttentionOptions;
  /** Default `forward`. */
  direction?: 'forward' | 'backward';
}

export type TensorShape = Pick<Tensor, 'shape' | 'dtype' | 'strides'>;

export type Supports = { ok: true } | { ok: false; code: string; argument?: string; reason: string };

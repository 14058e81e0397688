import type { BackendChoice, DeviceChoice, DType, Layout } from './generated/enums.js';
import type { GradientName } from './generated/options.js';

export type * from './plan/types.js';
export type { BackendChoice, DeviceChoice, DType, GradientName, Layout };

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
  layout?: Layout;
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
  /**
   * Forces a kernel by the name that `plan` prints, such as `metal-forward` or `metal-decode@8` (8 splits of the keys);
   * refused where it does not fit. Default: chosen by shape, dtype and device.
   */
  kernel?: string;
}

/** What `attention` gives back. */
export interface AttentionResult {
  /** [B, Hq, Lq, Dv] (or [B, Lq, Hq, Dv]), dtype of q. */
  out: Tensor;
  /** [B, Hq, Lq] float32, natural logarithm; -Infinity for a row that sees no key. */
  lse: Tensor;
  /**
   * [2, B, Hq, Lq] float32: row maximum in the kernels' own units, and denominator. Hand it to `attentionBackward`
   * for gradients that do not inherit the rounding of `lse`.
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
  /** As `attention` gave it back. */
  softmaxStats?: Tensor;
  /**
   * Which options need a gradient. Default: every one that is given as float data. `{ bias: false }` says that
   * the bias is a constant: no dBias comes back, and a backend that cannot compute it does not refuse.
   */
  needs?: NeededGradients;
}

/** Options that are float data; false = no gradient is wanted. */
export type NeededGradients = { [Name in GradientName]?: boolean };

/** Gradients; the optional ones are present iff the option was given and `needs` does not decline them. */
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
  /** Of the cpu backend; 0 on Metal. */
  threads: number;
  version: string;
  /** Kernels that were compared with the cpu backend before their first use, as on real GPUs all are. */
  kernelChecks?: readonly KernelCheck[];
}

/** How far a GPU kernel was from the cpu backend on a small problem. One that did not pass is not used: `INTERNAL`. */
export interface KernelCheck {
  kernel: string;
  dtype: DType;
  /** D. */
  headDim: number;
  /** Dv. */
  valueDim: number;
  passed: boolean;
  /** The largest, relative to the tensor's largest element; null where something is not finite. */
  deviation: number | null;
  /** Largest deviation that is accepted. */
  bound: number;
}

/** Shapes and options of a call, without data: what `supports` and `plan` look at. */
export interface ProblemDescription {
  q: TensorShape;
  k: TensorShape;
  v: TensorShape;
  options?: DescribedOptions;
  /** Default `forward`. */
  direction?: 'forward' | 'backward';
  /** Only for `backward`; as in `attentionBackward`. */
  needs?: NeededGradients;
}

export type TensorShape = Pick<Tensor, 'shape' | 'dtype' | 'strides'>;

/** `AttentionOptions` whose tensors may lack their data. */
export type DescribedOptions = WithoutData<AttentionOptions>;
type WithoutData<T> = T extends Tensor ? TensorShape : T extends object ? { [K in keyof T]: WithoutData<T[K]> } : T;

export type Supports = { ok: true } | { ok: false; code: string; argument?: string; reason: string };

/** What to open. Each field that is left out comes from its FA_METAL_* variable, else from the default. */
export interface OpenDeviceOptions {
  /** `auto` takes metal where there is a GPU for it, else cpu. Default `auto`. */
  backend?: BackendChoice;
  /** `software` is the software Metal device. Default `system`. */
  device?: DeviceChoice;
  /** Threads of the cpu backend, 0 = one per core. Default 0. */
  threads?: number;
  /** cpu backend: force an instruction set, e.g. `scalar`. Default: the best that runs here. */
  isa?: string;
}

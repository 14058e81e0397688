/** Typed arrays that hold plain numbers. */
export type NumericArray = Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array;

/** Numbers and their shape; row-major unless `strides` (in elements) say otherwise. */
export interface Tensor<Data extends NumericArray = NumericArray> {
  readonly data: Data;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
}

export type Layout = 'bhld' | 'blhd';
/** Where the diagonal lies: key `j` is on it for query `i` when `j = i + offset`. */
export type Align = 'topLeft' | 'bottomRight' | { readonly offset: number };
export type Causal = 'none' | Align;

/** Keys to each side of the diagonal that stay visible; -1 = unbounded. */
export interface Window {
  readonly left: number;
  readonly right: number;
}

/** Dropout of probabilities: drawn by Philox from `seed`, or given as a mask (true = keep) of shape [B, Hq, Lq, Lk]. */
export type Dropout =
  | { readonly rate: number; readonly seed: bigint }
  | { readonly rate: number; readonly keep: Tensor };

/** Rotary embedding by tables [positions, rotaryDim / 2]; columns from rotaryDim on are left alone. */
export interface Rope {
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** `half` pairs column c with c + rotaryDim / 2 (NeoX), `interleaved` pairs 2c with 2c + 1 (GPT-J). */
  readonly style: 'half' | 'interleaved';
  /** [B, Lq], packed [Tq]; default `i + Lk - Lq`, where Lk is the number of keys that the sequence has. */
  readonly positionsQ?: Tensor;
  /** [B, Lk], packed [Tk]; default `j`. */
  readonly positionsK?: Tensor;
}

/** The options of the op, named as in the public API. */
export interface AttentionOptions {
  /** Order of axes in q, k, v, out. Default `bhld`. Packed and paged tensors have an order of their own. */
  readonly layout?: Layout;
  /** Factor on the dot products. Default `1 / sqrt(D)`. */
  readonly scale?: number;
  /** `c`: scores become `c * tanh(s / c)`. Default off (0). */
  readonly softcap?: number;
  /** Default `none`. */
  readonly causal?: Causal;
  /** The diagonal of window and ALiBi when `causal` is `none`. Default `bottomRight`. */
  readonly align?: Align;
  readonly window?: Window;
  /** Non-zero = keep; [1|B, 1|Hq, 1|Lq, Lk]. */
  readonly mask?: Tensor;
  /** Added to the scores; [1|B, 1|Hq, 1|Lq, Lk]. */
  readonly bias?: Tensor;
  /** [Hq] or [B, Hq]. */
  readonly alibiSlopes?: Tensor;
  /** [Hq]: a logit that joins the denominator only. */
  readonly sinks?: Tensor;
  readonly dropout?: Dropout;
  /** [B]: keys at or past the length are invisible and never read. */
  readonly kvLengths?: Tensor;
  /** [B + 1], with `cuSeqlensK`: q is packed [Tq, Hq, D], k and v [Tk, Hkv, D]. */
  readonly cuSeqlensQ?: Tensor;
  readonly cuSeqlensK?: Tensor;
  /** [B, maxPages]: k and v are pools [pages, pageSize, Hkv, D]. */
  readonly blockTable?: Tensor;
  readonly rope?: Rope;
  /** Factor per token and head of an int8 k: [B, Hkv, Lk], paged [pages, pageSize, Hkv]. */
  readonly kScale?: Tensor;
  /** The same for v. */
  readonly vScale?: Tensor;
}

/** One call of the op. */
export interface Problem {
  /** [B, Hq, Lq, D] */
  readonly q: Tensor;
  /** [B, Hkv, Lk, D] */
  readonly k: Tensor;
  /** [B, Hkv, Lk, Dv]; may be a strided view of `k`'s data. */
  readonly v: Tensor;
  readonly options?: AttentionOptions;
}

export interface AttentionResult {
  /** [B, Hq, Lq, Dv] in the layout of q; packed [Tq, Hq, Dv]. */
  readonly out: Tensor<Float64Array>;
  /** [B, Hq, Lq]; packed [Hq, Tq]. Natural logarithm, -Infinity for a row that sees no key. */
  readonly lse: Tensor<Float64Array>;
}

export interface OutputGradients {
  /** Shape of out. */
  readonly dOut: Tensor;
  /** Shape of lse. Default 0. */
  readonly dLse?: Tensor;
}

/** Gradients, each of the shape of its input; the optional ones are there iff the option was given. */
export interface AttentionGradients {
  readonly dq: Tensor<Float64Array>;
  readonly dk: Tensor<Float64Array>;
  readonly dv: Tensor<Float64Array>;
  readonly dBias?: Tensor<Float64Array>;
  readonly dAlibiSlopes?: Tensor<Float64Array>;
  readonly dSinks?: Tensor<Float64Array>;
}

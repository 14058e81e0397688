/** Axes along which a mask or bias has its full size: B, H, Q; `1` where it is broadcast. Keys are always full. */
export type Broadcast = '111' | '11Q' | '1H1' | '1HQ' | 'B11' | 'B1Q' | 'BH1' | 'BHQ';
export type DiagonalWord = 'none' | 'topLeft' | 'bottomRight';

/**
 * Everything that makes a case, as flat words and numbers, so that a case has one line of text as its name.
 * What is left out takes the default; a default never changes, since ids (and with them the data) depend on it.
 */
export interface Parameters {
  /** Batch. Default 1. */
  B: number;
  /** Query heads. Default 1. */
  Hq: number;
  /** Key/value heads. Default Hq. */
  Hkv: number;
  /** Query length. Default 5. */
  Lq: number;
  /** Key length. Default 7. */
  Lk: number;
  /** Width of a query and a key. Default 8. */
  D: number;
  /** Width of a value. Default D. */
  Dv: number;
  /** Default float32. */
  dtype: 'float32' | 'float16' | 'bfloat16';
  /** Default bhld. */
  layout: 'bhld' | 'blhd';
  /** capacity: k and v are the first rows of a longer cache; gaps: every row is followed by unused elements; offset: data starts one element past its alignment. Default packed. */
  view: 'packed' | 'capacity' | 'gaps' | 'offset';
  /** A word, or an offset. Default none. */
  causal: DiagonalWord | number;
  align: 'topLeft' | 'bottomRight' | number;
  /** Window; given iff left or right is. Default of each -1. */
  left: number;
  right: number;
  /** Default: the op's own default, 1 / sqrt(D). */
  scale: number;
  mask: Broadcast;
  /** random keeps 3 of 4 keys; deadRows also hides every third row; keep hides nothing; drop hides everything; padding hides the last keys of each batch entry; steps lets every 48 rows see 96 keys more, so that tiles are hidden whole beside others that are not. Default random. */
  maskKind: 'random' | 'deadRows' | 'keep' | 'drop' | 'padding' | 'steps';
  bias: Broadcast;
  /** Default float32. */
  biasDtype: 'float32' | 'float16' | 'bfloat16';
  /** negInf: a quarter is -Infinity; deadRows: every third row is; minus1e4: a quarter is -10000, the usual stand-in for it. Default normal. */
  biasKind: 'normal' | 'zero' | 'negInf' | 'deadRows' | 'minus1e4';
  /** false: bias is a constant, no dBias is wanted. Default true. */
  biasGradient: boolean;
  /** How q, k, v are drawn; data/values.ts. Default normal. */
  values: ValueKind;
  /** Non-finite elements to plant; data/plant.ts. */
  plant: PlantKind;
  /** The gradients too. Default true. */
  gradients: boolean;
  /** A gradient of lse comes in. Default false. */
  dLse: boolean;
  /** Run this often; every run must give the same bits. Default 1. */
  repeat: number;
  /** Must equal, to the bit, the case that this change makes of it; run/controls.ts. */
  sameAs: ControlName;
  /** Name of a row of the table of illegal calls; refusals.ts. */
  refuse: string;
  /** A gold vector file of @fa-metal/reference. */
  file: string;
  softcap: number;
  alibi: 'H' | 'BH';
  sinks: boolean;
  /** Dropout rate. */
  dropout: number;
  /** random: between 1 and Lk; edges: 0, 1, Lk in turn. Keys past the length are NaN. */
  kvLengths: 'random' | 'edges';
  /** Sequences as `queries-keys` joined by `+`, e.g. `5-7+0-3+33-12`; B, Lq and Lk follow from it. */
  varlen: string;
  /** Rows of a page. */
  pageSize: number;
  /** Which of k and v are int8; true = both. */
  int8: boolean | 'k' | 'v';
  rope: 'half' | 'interleaved';
  /** Rotated width. Default D. */
  rotary: number;
  /** Positions of the rotation are drawn, in no order. Default false: those of the contract. */
  positions: boolean;
  /** v is the first Dv columns of k, in the same memory. Default false. */
  shared: boolean;
}

export type ValueKind =
  | 'normal'
  | 'peaked'
  | 'denormal'
  | 'zeroQ'
  | 'equalKeys'
  | 'ascending'
  | 'descending'
  | 'outlierV'
  | 'tiny';
export type PlantKind =
  | 'qNaN'
  | 'kNaN'
  | 'vNaN'
  | 'qInf'
  | 'kInf'
  | 'vInf'
  | 'vMinusInf'
  | 'biasNaN'
  | 'hiddenNaN'
  | 'hiddenInf'
  | 'hidden1e30';
export type ControlName = 'noWindow' | 'bottomRight' | 'topLeft' | 'defaultScale' | 'packed' | 'noCausal' | 'keptMask';

export type ParameterName = keyof Parameters;
export type CaseParameters = Partial<Parameters>;

/** Order of parameters in an id. */
export const parameterNames = [
  'B',
  'Hq',
  'Hkv',
  'Lq',
  'Lk',
  'D',
  'Dv',
  'dtype',
  'layout',
  'view',
  'causal',
  'align',
  'left',
  'right',
  'scale',
  'mask',
  'maskKind',
  'bias',
  'biasDtype',
  'biasKind',
  'biasGradient',
  'values',
  'plant',
  'gradients',
  'dLse',
  'repeat',
  'sameAs',
  'refuse',
  'file',
  'softcap',
  'alibi',
  'sinks',
  'dropout',
  'kvLengths',
  'varlen',
  'pageSize',
  'int8',
  'rope',
  'rotary',
  'positions',
  'shared',
] as const satisfies readonly ParameterName[];

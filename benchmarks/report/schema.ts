/**
 * What a results file holds (`results/attention.json`), in one place: the harness fills it, the page, the history and
 * the front page read it. Times are seconds, sizes bytes, rates operations or bytes a second.
 */
export interface Run {
  /** Raised when a reader of older files would misread this one. */
  readonly schema: 2;
  /** When the run began, ISO 8601. */
  readonly date: string;
  readonly commit: string;
  /** Whether tracked files differed from the commit. */
  readonly changed: boolean;
  readonly flags: readonly string[];
  readonly quick: boolean;
  readonly machine: Machine;
  /** By name: node, fa-metal, tfjs-node, libtensorflow, onnxruntime, torch and so on. */
  readonly versions: Readonly<Record<string, string>>;
  /** What shares are shares of, for each number of threads. */
  readonly limits: readonly Limit[];
  /** Peers that did not take part. */
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  readonly measurements: readonly Measurement[];
  /** Peak memory, each row from a process of its own. */
  readonly memory: readonly MemoryRow[];
  readonly wallSeconds: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly backend: string;
  readonly device: string;
  /** The instruction set that our kernels ran on. */
  readonly isa?: string;
  /** A device in software: its times say nothing about a real one. */
  readonly software: boolean;
}

/** The rates that a machine reaches with nothing else to do. */
export interface Limit {
  readonly threads: number;
  /** Which matrix product, e.g. `torch.mm (MKL) 1536`. */
  readonly product: string;
  /** Operations a second of that product over all rounds. */
  readonly productRate: Spread;
  /** Bytes a second that a sum over a large array reads. */
  readonly readRate: Spread;
}

/** Order statistics over rounds. */
export interface Spread {
  readonly min: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly rounds: number;
}

export type Direction = 'forward' | 'backward' | 'forward+backward';

export type FloatType = 'float32' | 'float16' | 'bfloat16';

/** One call, in words that JSON can hold; `attention/call.ts` makes its tensors from it. */
export interface Problem {
  readonly batch: number;
  readonly heads: number;
  /** Default: heads. */
  readonly kvHeads?: number;
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
  /** The diagonal ends at the last key. */
  readonly causal: boolean;
  readonly dtype: FloatType;
  readonly options?: ProblemOptions;
}

/** Options of a call; one that is absent is off. */
export interface ProblemOptions {
  /** Keys to the left that a query sees; where nothing is causal, as many to the right. */
  readonly window?: number;
  /** Bool mask in [B, 1, Lq, Lk], one key in eight hidden. */
  readonly mask?: boolean;
  /** Additive bias in [1, H, Lq, Lk]; `gradient`: the backward pass computes its gradient as well. */
  readonly bias?: 'constant' | 'gradient';
  readonly alibi?: boolean;
  readonly softcap?: number;
  readonly sinks?: boolean;
  /** Rate. */
  readonly dropout?: number;
  readonly rope?: boolean;
  /** Packed sequences of these lengths: batch is 1, queries and keys are their sum. */
  readonly lengths?: readonly number[];
  /** q is multiplied by this: peaked logits. */
  readonly peak?: number;
  /** int8 keys and values, a scale for each row. */
  readonly int8?: boolean;
  /** Rows of a page where keys and values are in pages. */
  readonly page?: number;
}

export type SuiteName =
  | 'lengths'
  | 'growth'
  | 'shapes'
  | 'types'
  | 'options'
  | 'window'
  | 'varlen'
  | 'peaked'
  | 'decode'
  | 'avx2'
  | 'overhead';

/** What a suite asks the harness to time: contestants that take turns. The first one is the reference of all ratios. */
export interface Trial {
  readonly suite: SuiteName;
  /** Unique within suite and direction. */
  readonly name: string;
  readonly direction: Direction;
  readonly entrants: readonly Entrant[];
}

/** One contestant: ours on a problem, or every peer that can do it. */
export interface Entrant {
  /** A name of `attention/peers/contestants.ts`. `peers`: one entry for each peer that covers the problem. */
  readonly who: 'fa-metal' | 'peers' | (string & {});
  /** What the entry is called; default: the contestant's own name. */
  readonly label?: string;
  readonly problem: Problem;
  /** Calls that are made one after another instead of `problem`, which then only says what they amount to. */
  readonly parts?: readonly Problem[];
}

/** A trial, done. */
export interface Measurement {
  readonly suite: SuiteName;
  readonly name: string;
  readonly direction: Direction;
  readonly threads: number;
  readonly entries: readonly Entry[];
  /** Entrants that were not timed. */
  readonly omitted: readonly Omitted[];
}

/** Nothing is timed whose result was not checked first. */
export interface Omitted {
  readonly who: string;
  readonly name: string;
  readonly problem: Problem;
  /** `absent`: not installed here; `refused`: it has no such call; `disagrees`: its result is wrong; `failed`: it threw or ended. */
  readonly kind: 'absent' | 'refused' | 'disagrees' | 'failed';
  readonly reason: string;
}

/** One contestant's figures. */
export interface Entry {
  /** The contestant, as `Entrant.who` names it, with `peers` resolved. */
  readonly who: string;
  /** The entrant's label, else `who`. */
  readonly name: string;
  readonly problem: Problem;
  /** Time of one call. */
  readonly seconds: Spread;
  /** Operations of the exact result (see `operations`), whatever was really computed. */
  readonly operations: number;
  /** Bytes that have to be read and written at least. */
  readonly bytes: number;
  /** Rate of the operations as a share of the product's rate in the same round; absent where no product could be measured. */
  readonly share?: Spread;
  /** Rate of the bytes as a share of the read rate in the same round. */
  readonly readShare?: Spread;
  /** Time over the reference's time, in the same round; 1 for the reference. */
  readonly ratio: Spread;
  /** Which of them are steady enough for bold print: see `attention/noise.ts`. */
  readonly steady: { readonly share?: boolean; readonly readShare?: boolean; readonly ratio: boolean };
}

/** Peak memory of one call above what the process held with its inputs, from a process of its own. */
export interface MemoryRow {
  readonly name: string;
  readonly length: number;
  readonly direction: Direction;
  readonly causal: boolean;
  readonly extraBytes: number;
}

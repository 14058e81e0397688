export interface MetalVariant {
  kernel: string;
  /** The lowest GPU family that it is for. */
  family: number;
  dtype: 'float32' | 'float16' | 'bfloat16';
  /** The largest D and Dv. */
  width: number;
  valueWidth: number;
  /** A simdgroup's own rows, and rows of the other operand in one step. */
  rows: number;
  block: number;
  simdgroups: number;
  own: 'registers' | 'threadgroup' | 'device';
  /** Of dkv: bit 0 = writes dV, bit 1 = writes dK. */
  pass: number;
  threads: number;
  keepsScores: boolean;
  /** Where the choice comes from: a key of `sources`. */
  source: string;
  hostName: string;
  /** The line that makes the kernel's template this variant. */
  instantiation: string;
}

export declare function countedAs(hostName: string): string;
export declare function metalVariants(table: { kernels: object; widths: readonly object[] }): MetalVariant[];

/** Sizes at which kernels change their way of working; test/sizes.test.ts holds them against the variants tables. */

/** Floats in a vector of the instruction sets, from scalar to AVX-512. */
const lanes = [4, 8, 16] as const;
/** Query rows that the CPU kernels work on at once: three vectors, on AVX2, NEON and AVX-512. */
const panels = [12, 24, 48] as const;
export const keyBlocks = [96, 128] as const;
export const queryBlocks = [192, 384] as const;

const around = (tile: number): number[] => [tile - 1, tile, tile + 1];
const sorted = (sizes: readonly number[]): number[] => [...new Set(sizes)].sort((a, b) => a - b);

export interface Lengths {
  readonly Lq: number;
  readonly Lk: number;
}

/** Lengths on both sides of every tile edge, with one and a few primes. */
export const tileEdges = {
  /** Up to just past a panel. */
  queries: sorted([1, 2, 5, ...lanes.flatMap(around), ...panels.flatMap(around)]),
  /** Up to just past a key block. */
  keys: sorted([1, 2, 31, ...lanes.flatMap(around), ...keyBlocks.flatMap(around)]),
  /** Long enough for several query blocks or key blocks; costly, so with few variations. */
  long: [
    ...queryBlocks.flatMap(around).map((Lq) => ({ Lq, Lk: 33 })),
    { Lq: 257, Lk: 257 },
    { Lq: 64, Lk: 385 },
    { Lq: 19, Lk: 1021 },
    { Lq: 1, Lk: 2053 },
  ] as readonly Lengths[],
  /** A handful for options that do not depend on the tiles. */
  few: [
    { Lq: 1, Lk: 9 },
    { Lq: 17, Lk: 33 },
    { Lq: 49, Lk: 130 },
  ] as readonly Lengths[],
  /** Square, wide and tall, on tile edges and off. */
  mixed: [
    { Lq: 1, Lk: 1 },
    { Lq: 9, Lk: 1 },
    { Lq: 33, Lk: 33 },
    { Lq: 48, Lk: 97 },
    { Lq: 97, Lk: 48 },
    { Lq: 49, Lk: 128 },
    { Lq: 130, Lk: 129 },
  ] as readonly Lengths[],
} as const;

/** Widths of models, multiples of no vector, and the largest that the contract names. */
export const headWidths = [1, 7, 8, 32, 37, 40, 64, 72, 80, 96, 128, 192, 256, 576] as const;

/** D and Dv that differ. */
export const unequalWidths = [
  { D: 192, Dv: 128 },
  { D: 64, Dv: 32 },
  { D: 40, Dv: 80 },
  { D: 7, Dv: 13 },
  { D: 1, Dv: 64 },
  { D: 72, Dv: 1 },
  { D: 576, Dv: 512 },
] as const;

export const dtypes = ['float32', 'float16', 'bfloat16'] as const;

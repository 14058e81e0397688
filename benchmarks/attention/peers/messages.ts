import type { Direction, Problem } from '../../report/schema.js';

/** What the harness asks of a contestant's process: JSON lines on its standard input, answered on file descriptor 3. */
export type Request =
  /** Makes a problem ready under `id`. `files` hold q, k, v and dOut, row-major in the problem's dtype. */
  | {
      ask: 'load';
      id: string;
      contestant: string;
      problem: Problem;
      parts?: readonly Problem[];
      files?: Readonly<Record<string, string>>;
    }
  /** Runs once and leaves each result in `folder`, float32, in [B, H, L, D], under its name; answers `names`. */
  | { ask: 'results'; id: string; direction: Direction; folder: string }
  /** Runs for about `seconds`; answers the `seconds` of the fastest run. */
  | { ask: 'time'; id: string; direction: Direction; seconds: number }
  /** Runs exactly once. */
  | { ask: 'run'; id: string; direction: Direction }
  | { ask: 'release'; id: string };

/** First line of a process: what runs in it, by name. */
export interface Hello {
  readonly versions: Readonly<Record<string, string>>;
}

export type Answer = { readonly seconds?: number; readonly names?: readonly string[] } | { readonly error: string };

/** Sizes of the yardsticks, which a process of theirs has under the ids `product` and `reading` without loading anything. */
export const yardstickSizes = {
  /** Of a square float32 product: large enough to run at the machine's full rate, small enough to fit into a turn. */
  size: 1536,
  /** Of an array that is summed: larger than any cache. */
  bytes: 2 ** 28,
} as const;

import type { Layout, Tensor } from './types.js';

/** Index in a tensor's data of the first column of one token of one head; token counted inside the sequence. */
export type Address = (sequence: number, head: number, token: number) => number;

/** [B, H, L, ...] or, in layout `blhd`, [B, L, H, ...]. */
export function denseAddress(strides: readonly number[], layout: Layout): Address {
  const batchStride = strides[0]!;
  const headStride = strides[layout === 'bhld' ? 1 : 2]!;
  const tokenStride = strides[layout === 'bhld' ? 2 : 1]!;
  return (sequence, head, token) => sequence * batchStride + head * headStride + token * tokenStride;
}

/** [T, H, ...] or, with the head first, [H, T]: the tokens of sequence `s` start at `starts[s]`. */
export function packedAddress(tokenStride: number, headStride: number, starts: Tensor): Address {
  const first = starts.data;
  return (sequence, head, token) => (first[sequence]! + token) * tokenStride + head * headStride;
}

/** A pool [pages, pageSize, H, ...]: token `t` lies in the page that row `s` of the block table names for it. */
export function pagedAddress(strides: readonly number[], pageSize: number, pages: number, blockTable: Tensor): Address {
  const maxPages = blockTable.shape[1]!;
  return (sequence, head, token) => {
    const page = blockTable.data[sequence * maxPages + Math.floor(token / pageSize)]!;
    if (!(page >= 0 && page < pages)) {
      throw new RangeError(
        `blockTable: expected pages in [0, ${pages}), got ${page} for token ${token} of sequence ${sequence}`,
      );
    }
    return page * strides[0]! + (token % pageSize) * strides[1]! + head * strides[2]!;
  };
}

import { denseAddress, pagedAddress } from './address.js';
import type { Geometry } from './geometry.js';
import { requireRank, requireShape } from './tensor.js';
import type { AttentionOptions, Problem } from './types.js';

/** q [B, Hq, Lq, D] in either layout; k and v alike, or in pools of pages. */
export function denseGeometry({ q, k, v }: Problem, options: AttentionOptions): Geometry {
  const { layout = 'bhld', blockTable } = options;
  const [headAxis, tokenAxis] = layout === 'bhld' ? [1, 2] : [2, 1];
  requireRank('q', q, 4);
  requireRank('k', k, 4);
  const [batch, queryHeads, queryLength] = [q.shape[0]!, q.shape[headAxis]!, q.shape[tokenAxis]!];
  const [pages, pageSize] = k.shape as [number, number];
  const kvHeads = blockTable ? k.shape[2]! : k.shape[headAxis]!;
  const keyLength = blockTable ? blockTable.shape[1]! * pageSize : k.shape[tokenAxis]!;
  if (blockTable) requireShape('blockTable', blockTable, [batch, blockTable.shape[1]!]);
  else if (k.shape[0] !== batch) throw new RangeError(`k: expected batch ${batch}, got ${k.shape[0]}`);
  const lengths = (length: number) => denseAddress([length, 0, 1], 'bhld');
  const valueWidth = v.shape.at(-1)!;
  return {
    batch,
    queryHeads,
    kvHeads,
    queryLength,
    keyLength,
    width: q.shape[3]!,
    valueWidth,
    sequences: Array.from({ length: batch }, (_, index) => ({
      index,
      queries: queryLength,
      keys: keyLength,
    })),
    outShape: [...q.shape.slice(0, 3), valueWidth],
    lseShape: [batch, queryHeads, queryLength],
    lseAddress: denseAddress([queryHeads * queryLength, queryLength, 1], 'bhld'),
    queryAddress: (strides) => denseAddress(strides, layout),
    keyAddress: (strides) =>
      blockTable ? pagedAddress(strides, pageSize, pages, blockTable) : denseAddress(strides, layout),
    scales: {
      shape: blockTable ? [pages, pageSize, kvHeads] : [batch, kvHeads, keyLength],
      address: (strides) =>
        blockTable ? pagedAddress(strides, pageSize, pages, blockTable) : denseAddress(strides, 'bhld'),
    },
    positionsShape: { q: [batch, queryLength], k: [batch, keyLength] },
    positionsAddress: { q: lengths(queryLength), k: lengths(keyLength) },
  };
}

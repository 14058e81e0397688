import { packedAddress } from './address.js';
import type { Geometry } from './geometry.js';
import { requireRank, requireShape } from './tensor.js';
import type { AttentionOptions, Problem, Tensor } from './types.js';

/** q [Tq, Hq, D], k and v [Tk, Hkv, D]: sequences end to end. */
export function packedGeometry({ q, k, v }: Problem, { cuSeqlensQ, cuSeqlensK }: AttentionOptions): Geometry {
  if (!cuSeqlensQ || !cuSeqlensK) throw new RangeError('cuSeqlensQ, cuSeqlensK: expected both or none');
  requireRank('q', q, 3);
  requireRank('k', k, 3);
  const [queryTokens, queryHeads, width] = q.shape as [number, number, number];
  const [keyTokens, kvHeads] = k.shape as [number, number];
  requireShape('cuSeqlensK', cuSeqlensK, cuSeqlensQ.shape);
  const queries = sequenceLengths('cuSeqlensQ', cuSeqlensQ, queryTokens);
  const keys = sequenceLengths('cuSeqlensK', cuSeqlensK, keyTokens);
  const valueWidth = v.shape.at(-1)!;
  return {
    batch: queries.length,
    queryHeads,
    kvHeads,
    width,
    valueWidth,
    queryLength: Math.max(0, ...queries),
    keyLength: Math.max(0, ...keys),
    sequences: queries.map((length, index) => ({ index, queries: length, keys: keys[index]! })),
    outShape: [queryTokens, queryHeads, valueWidth],
    lseShape: [queryHeads, queryTokens],
    lseAddress: packedAddress(1, queryTokens, cuSeqlensQ),
    queryAddress: (strides) => packedAddress(strides[0]!, strides[1]!, cuSeqlensQ),
    keyAddress: (strides) => packedAddress(strides[0]!, strides[1]!, cuSeqlensK),
    positionsShape: { q: [queryTokens], k: [keyTokens] },
    positionsAddress: { q: packedAddress(1, 0, cuSeqlensQ), k: packedAddress(1, 0, cuSeqlensK) },
  };
}

function sequenceLengths(argument: string, starts: Tensor, total: number): number[] {
  const lengths = Array.from(starts.data.subarray(1), (end, index) => end - starts.data[index]!);
  if (starts.data[0] !== 0 || starts.data.at(-1) !== total || lengths.some((length) => length < 0)) {
    throw new RangeError(`${argument}: expected 0, then no decrease, up to ${total}, got ${starts.data.join(', ')}`);
  }
  return lengths;
}

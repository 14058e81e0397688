import { type Address, denseAddress, packedAddress } from './address.js';
import { requireShape, rowMajorStrides, zeros } from './tensor.js';
import type { AttentionResult, Layout } from './types.js';

/**
 * Attention over the union of two disjoint sets of keys, from the results over each.
 *
 * @param options layout of out, default `bhld`; packed results ([T, Hq, Dv] with [Hq, T]) are known by their rank
 * @throws RangeError when the shapes differ
 */
export function mergeAttention(
  a: AttentionResult,
  b: AttentionResult,
  { layout = 'bhld' }: { layout?: Layout } = {},
): AttentionResult {
  requireShape('b.out', b.out, a.out.shape);
  requireShape('b.lse', b.lse, a.lse.shape);
  const out = zeros(a.out.shape);
  const lse = zeros(a.lse.shape);
  const width = out.shape.at(-1)!;
  const strides = rowMajorStrides(out.shape);
  const outAddress: Address =
    out.shape.length === 3
      ? packedAddress(strides[0]!, strides[1]!, { data: new Int32Array([0]), shape: [1] })
      : denseAddress(strides, layout);
  const [batch, heads, queries] = [...(lse.shape.length === 2 ? [1] : []), ...lse.shape] as [number, number, number];
  for (let row = 0; row < batch * heads * queries; row++) {
    const [lseA, lseB] = [a.lse.data[row]!, b.lse.data[row]!];
    const maximum = Math.max(lseA, lseB);
    lse.data[row] = maximum;
    if (maximum === -Infinity) continue;
    const [weightA, weightB] = [Math.exp(lseA - maximum), Math.exp(lseB - maximum)];
    const sum = weightA + weightB;
    lse.data[row] = maximum + Math.log(sum);
    const start = outAddress(Math.floor(row / (queries * heads)), Math.floor(row / queries) % heads, row % queries);
    for (let c = start; c < start + width; c++) {
      out.data[c] = (weightA * a.out.data[c]! + weightB * b.out.data[c]!) / sum;
    }
  }
  return { out, lse };
}

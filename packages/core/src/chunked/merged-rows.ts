import { weigh } from '../merge-attention.js';
import { zeros } from '../tensor.js';
import type { AttentionResult, DType, Layout } from '../types.js';
import { fromFloat32, toFloat32 } from './float-rows.js';

/** Sizes of out. */
export interface RowSizes {
  layout: Layout;
  batch: number;
  heads: number;
  queries: number;
  /** Dv */
  width: number;
}

/** Results over disjoint keys, merged in float32 and rounded once, at the end. */
export class MergedRows {
  readonly #sizes: RowSizes;
  readonly #out: Float32Array;
  readonly #lse: Float64Array;

  constructor(sizes: RowSizes) {
    const { batch, heads, queries, width } = sizes;
    this.#sizes = sizes;
    this.#out = new Float32Array(batch * heads * queries * width);
    this.#lse = new Float64Array(batch * heads * queries).fill(-Infinity);
  }

  /** Merges a dense result; its first batch entry is our entry `batch`. */
  add({ out, lse }: Pick<AttentionResult, 'out' | 'lse'>, batch: number): void {
    const { layout, heads, queries, width } = this.#sizes;
    const values = toFloat32(out);
    const logs = lse.data as Float32Array;
    const firstRow = batch * heads * queries;
    for (let row = 0; row < logs.length; row++) {
      const weights = weigh(this.#lse[firstRow + row] as number, logs[row] as number);
      this.#lse[firstRow + row] = weights.lse;
      if (weights.right === undefined) continue;
      const place = layout === 'bhld' ? row : blhdPlace(row, heads, queries);
      const [from, to] = [place * width, (firstRow + place) * width];
      const kept = weights.left;
      for (let d = 0; d < width; d++) {
        const added = weights.right * (values[from + d] as number);
        this.#out[to + d] = kept === undefined ? added : kept * (this.#out[to + d] as number) + added;
      }
    }
  }

  result(dtype: DType): Pick<AttentionResult, 'out' | 'lse'> {
    const { layout, batch, heads, queries, width } = this.#sizes;
    const rows = layout === 'bhld' ? [heads, queries] : [queries, heads];
    const lse = zeros('lse', [batch, heads, queries], 'float32');
    (lse.data as Float32Array).set(this.#lse);
    return { out: fromFloat32(this.#out, [batch, ...rows, width], dtype), lse };
  }
}

/** Row of lse, (batch, head, query), in the order (batch, query, head). */
function blhdPlace(row: number, heads: number, queries: number): number {
  const [query, head, batch] = [row % queries, Math.floor(row / queries) % heads, Math.floor(row / (queries * heads))];
  return (batch * queries + query) * heads + head;
}

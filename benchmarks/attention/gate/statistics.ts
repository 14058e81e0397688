import { openDeviceSync, type Tensor } from '@fa-metal/core';
import type { Values } from './values.js';

/** What the gradient of a key needs to know of every query row. */
export interface RowStatistics {
  /** [B, H, Lq] */
  readonly lse: Float32Array;
  /** [B, H, Lq, D], float32 whatever the problem's dtype. */
  readonly out: Float32Array;
}

/**
 * Statistics of all rows, by ours in float32: in float64 they would take minutes at the lengths that are timed. The gate
 * holds some of the rows against the float64 reference before it relies on them.
 */
export function rowStatistics({ problem, kvHeads, q, k, v }: Values): RowStatistics {
  const { batch, heads, queries, keys, headDim, causal } = problem;
  const tensor = (values: Float64Array, rows: number, of: number): Tensor => ({
    data: Float32Array.from(values),
    shape: [batch, of, rows, headDim],
    dtype: 'float32',
  });
  const device = openDeviceSync({ backend: 'cpu' });
  const result = device.attentionSync(tensor(q, queries, heads), tensor(k, keys, kvHeads), tensor(v, keys, kvHeads), {
    causal: causal ? 'bottomRight' : 'none',
  });
  device.close();
  return { lse: result.lse.data as Float32Array, out: result.out.data as Float32Array };
}

import type { Device } from '../device.js';
import type { Tensor } from '../types.js';
import { type PlainResult, plainAttention } from './plain-attention.js';

/** Largest deviation by tensor, relative to its largest element; null where something is not finite. */
export type Deviations = Record<keyof PlainResult, number | null>;

export interface SelfCheck {
  passed: boolean;
  deviations: Deviations;
  /** Largest that is accepted: some roundings of float32, far below any mistake. */
  bound: number;
  milliseconds: number;
}

const rows = 37;
const keys = 70;
const width = 24;
const bound = 1e-5;

/** A small causal problem, forward and backward, on the worker thread, against plain JavaScript in float64. */
export async function selfCheck(device: Device): Promise<SelfCheck> {
  const [q, k, v, dOut] = [waves(rows, 1), waves(keys, 2), waves(keys, 3), waves(rows, 4)] as const;
  const start = performance.now();
  const options = { causal: 'bottomRight' } as const;
  const forward = await device.attention(q, k, v, options);
  const gradients = await device.attentionBackward({ q, k, v, ...forward, dOut }, options);
  const milliseconds = performance.now() - start;
  const plain = plainAttention({ rows, keys, width, q: values(q), k: values(k), v: values(v), dOut: values(dOut) });
  const { out, lse } = forward;
  const { dq, dk, dv } = gradients;
  const measured = { out, lse, dq, dk, dv };
  const names = Object.keys(measured) as (keyof PlainResult)[];
  const deviations = Object.fromEntries(names.map((name) => [name, deviation(values(measured[name]), plain[name])]));
  const passed = Object.values(deviations).every((value) => value !== null && value <= bound);
  return { passed, deviations: deviations as Deviations, bound, milliseconds };
}

/** [1, 1, length, width] of values in [-1, 1] that no two tensors share. */
function waves(length: number, seed: number): Tensor {
  const data = Float32Array.from({ length: length * width }, (_, index) => Math.sin(index * (0.7 + seed) + seed));
  return { data, shape: [1, 1, length, width], dtype: 'float32' };
}

function values(tensor: Tensor): Float32Array {
  return tensor.data as Float32Array;
}

function deviation(measured: Float32Array, expected: readonly number[]): number | null {
  const largest = Math.max(...expected.map(Math.abs));
  // Math.max gives NaN if any of its arguments is.
  const worst = Math.max(...expected.map((value, index) => Math.abs(Number(measured[index]) - value))) / largest;
  return Number.isFinite(worst) ? worst : null;
}

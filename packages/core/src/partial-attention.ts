import { refusal } from './errors.js';
import type { ErrorCode } from './generated/errors.js';
import { bfloat16, decode, encode, float16 } from './small-floats.js';
import { readTensor, rowMajorStrides } from './tensor.js';
import type { AttentionResult, DType, Layout } from './types.js';

export type PartialAttention = Pick<AttentionResult, 'out' | 'lse'>;

/** A query row's place in an array whose elements are typed: `values[start + d]`. */
interface Place {
  values: Float32Array | Uint16Array;
  dtype: DType;
  /** Elements between neighbours along batch, head and query. */
  strides: readonly [number, number, number];
}

/** The rows of out and lse, in the order of lse: batch, head, query. */
export interface Rows {
  sizes: readonly [number, number, number];
  /** Dv */
  width: number;
  out: Place;
  lse: Place;
}

/** @throws FaMetalError when out and lse do not fit each other */
export function readPartial(argument: string, given: PartialAttention, layout: Layout): PartialAttention {
  const out = readTensor(`${argument}.out`, given?.out);
  const lse = readTensor(`${argument}.lse`, given?.lse);
  if (!['float32', 'float16', 'bfloat16'].includes(out.dtype)) {
    expectSame('DTYPE_MISMATCH', `${argument}.out`, 'float32, float16 or bfloat16', out.dtype);
  }
  expectSame('DTYPE_MISMATCH', `${argument}.lse`, 'float32', lse.dtype);
  if (out.shape.length !== 3 && out.shape.length !== 4) {
    expectSame('SHAPE_MISMATCH', `${argument}.out`, 'rank 4, or 3 for packed sequences', `rank ${out.shape.length}`);
  }
  expectSame('SHAPE_MISMATCH', `${argument}.lse`, lseOrder(out.shape, layout), lse.shape);
  const innermost = out.strides?.at(-1) ?? 1;
  if (innermost !== 1) expectSame('INVALID_ARGUMENT', `${argument}.out`, 'an innermost stride of 1', innermost);
  return { out, lse };
}

export function rowsOf({ out, lse }: PartialAttention, layout: Layout): Rows {
  const outStrides = lseOrder(out.strides ?? rowMajorStrides(out.shape), layout);
  return {
    sizes: withBatch(lse.shape, 1),
    width: out.shape.at(-1) ?? 0,
    out: { values: out.data as Place['values'], dtype: out.dtype, strides: withBatch(outStrides, 0) },
    lse: {
      values: lse.data as Place['values'],
      dtype: lse.dtype,
      strides: withBatch(lse.strides ?? rowMajorStrides(lse.shape), 0),
    },
  };
}

/** Index of the first element of a row. */
export function startOf({ strides }: Place, batch: number, head: number, query: number): number {
  return batch * strides[0] + head * strides[1] + query * strides[2];
}

export function readElement({ values, dtype }: Place, index: number): number {
  const element = values[index] as number;
  if (dtype === 'float16') return decode(element, float16);
  return dtype === 'bfloat16' ? decode(element, bfloat16) : element;
}

export function writeElement({ values, dtype }: Place, index: number, value: number): void {
  if (dtype === 'float16') values[index] = encode(value, float16);
  else if (dtype === 'bfloat16') values[index] = encode(value, bfloat16);
  else values[index] = value;
}

/** One value per axis of out, without the last axis and in the order of lse: [B, Hq, Lq], packed [Hq, Tq]. */
function lseOrder(perAxis: readonly number[], layout: Layout): number[] {
  const rows = perAxis.slice(0, -1);
  const headsLast = rows.length === 2 || layout === 'blhd';
  return headsLast ? [...rows.slice(0, -2), ...rows.slice(-2).reverse()] : rows;
}

/** Packed sequences have no batch axis. */
function withBatch(perAxis: readonly number[], batch: number): [number, number, number] {
  return (perAxis.length === 2 ? [batch, ...perAxis] : perAxis) as [number, number, number];
}

export function expectSame(code: ErrorCode, argument: string, expected: unknown, got: unknown): void {
  const text = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
  if (text(expected) !== text(got)) throw refusal({ code, argument, expected: text(expected), got: text(got) });
}

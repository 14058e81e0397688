import { type Resolved, readVarlen } from '../resolve.js';
import { draw, operand, type Values } from './values.js';

/** q, k, v and dOut as plain numbers, in the shape that the op takes. */
export interface Operands {
  q: Values;
  k: Values;
  v: Values;
  outShape: readonly number[];
  lseShape: readonly number[];
  /** Key/value pool, when paged. */
  blockTable?: Values;
}

/** Draws the operands of a case; axes are in the case's layout, or packed, or paged. */
export function drawOperands(seed: string, given: Resolved): Operands {
  const operands = drawApart(seed, given);
  return given.shared === true ? { ...operands, v: leadingColumns(operands.k, given.Dv) } : operands;
}

function drawApart(seed: string, given: Resolved): Operands {
  const { pageSize, varlen } = given;
  if (varlen === undefined) return pageSize === undefined ? dense(seed, given) : paged(seed, given, pageSize);
  const operands = packed(seed, given);
  if (pageSize === undefined) return operands;
  // Packed queries of paged keys, which the contract does not have.
  const { k, v, blockTable } = paged(seed, given, pageSize);
  return { ...operands, k, v, ...(blockTable && { blockTable }) };
}

export function leadingColumns({ data, shape, dtype }: Values, columns: number): Values {
  const width = shape.at(-1)!;
  return {
    data: data.filter((_, index) => index % width < columns),
    shape: [...shape.slice(0, -1), columns],
    dtype,
  };
}

function dense(seed: string, given: Resolved): Operands {
  const { B, Hq, Hkv, Lq, Lk, D, Dv, layout } = given;
  const order = (values: Values): Values => (layout === 'bhld' ? values : swapHeadsAndRows(values));
  return {
    q: order(operand('q', seed, [B, Hq, Lq, D], Lq, given)),
    k: order(operand('k', seed, [B, Hkv, Lk, D], Lk, given)),
    v: order(operand('v', seed, [B, Hkv, Lk, Dv], Lk, given)),
    outShape: layout === 'bhld' ? [B, Hq, Lq, Dv] : [B, Lq, Hq, Dv],
    lseShape: [B, Hq, Lq],
  };
}

/** Data is drawn in one order for both layouts, so that a kind such as `ascending` means the same in both. */
export function swapHeadsAndRows({ data, shape, dtype }: Values): Values {
  const [batch, heads, rows, width] = shape as [number, number, number, number];
  const swapped = new Float64Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let row = 0; row < rows; row++) {
        const from = ((b * heads + h) * rows + row) * width;
        swapped.set(data.subarray(from, from + width), ((b * rows + row) * heads + h) * width);
      }
    }
  }
  return { data: swapped, shape: [batch, rows, heads, width], dtype };
}

function packed(seed: string, given: Resolved): Operands {
  const { Hq, Hkv, Lq, Lk, D, Dv } = given;
  return {
    q: operand('q', seed, [Lq, Hq, D], Lq, given),
    k: operand('k', seed, [Lk, Hkv, D], Lk, given),
    v: operand('v', seed, [Lk, Hkv, Dv], Lk, given),
    outShape: [Lq, Hq, Dv],
    lseShape: [Hq, Lq],
  };
}

/** Pages are dealt out backwards and one page belongs to nobody. */
function paged(seed: string, given: Resolved, pageSize: number): Operands {
  const { B, Hq, Hkv, Lq, Lk, D, Dv, layout } = given;
  const perRow = Math.ceil(Lk / pageSize);
  const pages = B * perRow + 1;
  const q = operand('q', seed, [B, Hq, Lq, D], Lq, given);
  return {
    q: layout === 'bhld' ? q : swapHeadsAndRows(q),
    k: operand('k', seed, [pages, pageSize, Hkv, D], pages, given),
    v: operand('v', seed, [pages, pageSize, Hkv, Dv], pages, given),
    outShape: layout === 'bhld' ? [B, Hq, Lq, Dv] : [B, Lq, Hq, Dv],
    lseShape: [B, Hq, Lq],
    blockTable: {
      data: Float64Array.from({ length: B * perRow }, (_, index) => pages - 1 - index),
      shape: [B, perRow],
      dtype: 'int32',
    },
  };
}

/** int32 [B + 1] starts of packed sequences. */
export function sequenceStarts(varlen: string, side: 'queries' | 'keys'): Values {
  const starts = [0];
  for (const lengths of readVarlen(varlen)) starts.push(starts.at(-1)! + lengths[side]);
  return { data: Float64Array.from(starts), shape: [starts.length], dtype: 'int32' };
}

/** int8 in place of the drawn numbers, and the scale of each token and head: [B, Hkv, Lk], or paged like the keys. */
export function quantise(
  seed: string,
  which: 'k' | 'v',
  { shape }: Values,
  { B, Hkv, Lk, pageSize }: Resolved,
): { values: Values; scale: Values } {
  const rows = pageSize === undefined ? [B, Hkv, Lk] : shape.slice(0, 3);
  return {
    values: draw(`${seed}/${which}Int8`, shape, 'int8', (stream) => stream.below(255) - 127),
    scale: draw(`${seed}/${which}Scale`, rows, 'float32', (stream) => (0.5 + stream.uniform()) / 64),
  };
}

import { describe, expect, test } from 'vitest';
import { attention, attentionBackward, mergeAttention, type Tensor } from '../src/index.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';

const [B, H, Lq, Lk, D] = [1, 2, 4, 6, 3] as const;
const q = randomTensor(1, [B, H, Lq, D]);
const k = randomTensor(2, [B, H, Lk, D]);
const v = randomTensor(3, [B, H, Lk, D]);
const dOut = randomTensor(4, [B, H, Lq, D]);
const dLse = randomTensor(5, [B, H, Lq]);

/** The tensor with one token of every head replaced. */
function poisoned({ data, shape }: Tensor<Float64Array>, token: number, value: number): Tensor<Float64Array> {
  const copy = data.slice();
  for (let head = 0; head < H; head++)
    copy.fill(value, (head * shape[2]! + token) * D, (head * shape[2]! + token + 1) * D);
  return { data: copy, shape };
}

function rowsOf({ data }: Tensor, columns: number): number[][] {
  return Array.from({ length: data.length / columns }, (_, row) => [...data.slice(row * columns, (row + 1) * columns)]);
}

describe('rows that see nothing', () => {
  const nothing = { causal: { offset: -2 } } as const;

  test('have out 0, lse -Infinity and no gradients', () => {
    const { out, lse } = attention({ q, k, v, options: nothing });
    const bias = randomTensor(6, [1, H, Lq, Lk]);
    const gradients = attentionBackward({ q, k, v, options: { ...nothing, bias } }, { dOut, dLse });
    for (const row of [0, 1, 4, 5]) {
      expect(rowsOf(out, D)[row]).toEqual([0, 0, 0]);
      expect(lse.data[row]).toBe(-Infinity);
      expect(rowsOf(gradients.dq, D)[row]).toEqual([0, 0, 0]);
      expect(rowsOf(gradients.dBias!, Lk)[row]).toEqual([0, 0, 0, 0, 0, 0]);
    }
    for (const { data } of [gradients.dk, gradients.dv]) expect(data.every(Number.isFinite)).toBe(true);
  });

  test('have the sink as lse, and pass dLse to it', () => {
    const sinks = { data: Float64Array.of(0.25, -3), shape: [H] };
    const options = { causal: { offset: -100 }, sinks } as const;
    const { out, lse } = attention({ q, k, v, options });
    expect(out.data.every((x) => x === 0)).toBe(true);
    expect([...lse.data]).toEqual([0.25, 0.25, 0.25, 0.25, -3, -3, -3, -3]);
    const { dSinks } = attentionBackward({ q, k, v, options }, { dOut, dLse });
    const sums = [0, 4].map((start) => dLse.data.slice(start, start + 4).reduce((sum, x) => sum + x, 0));
    sums.forEach((sum, head) => {
      expect(dSinks!.data[head]).toBeCloseTo(sum, 14);
    });
  });

  test('are also those whose every score is minus infinity', () => {
    const bias = { data: new Float64Array(Lk).fill(-Infinity), shape: [1, 1, 1, Lk] };
    const { out, lse } = attention({ q, k, v, options: { bias } });
    expect(out.data.every((x) => x === 0)).toBe(true);
    expect(lse.data.every((x) => x === -Infinity)).toBe(true);
    const gradients = attentionBackward({ q, k, v, options: { bias } }, { dOut, dLse });
    for (const { data } of [gradients.dq, gradients.dk, gradients.dv, gradients.dBias!]) {
      expect(data.every((x) => x === 0)).toBe(true);
    }
  });

  test('take no gradient from a NaN in dOut and dLse', () => {
    const sinks = { data: new Float64Array(H).fill(-Infinity), shape: [H] };
    const nan = ({ data, shape }: Tensor) => ({ data: new Float64Array(data.length).fill(NaN), shape });
    const options = { causal: { offset: -100 }, sinks } as const;
    const gradients = attentionBackward({ q, k, v, options }, { dOut: nan(dOut), dLse: nan(dLse) });
    for (const { data } of [gradients.dq, gradients.dk, gradients.dv, gradients.dSinks!]) {
      expect(data.every((x) => x === 0)).toBe(true);
    }
  });

  test('merge with anything', () => {
    const empty = attention({ q, k, v, options: { causal: { offset: -100 } } });
    const full = attention({ q, k, v });
    expect(mergeAttention(empty, full)).toEqual(full);
    expect(mergeAttention(empty, empty)).toEqual(empty);
  });

  test('no keys at all', () => {
    const none = { data: new Float64Array(0), shape: [B, H, 0, D] };
    const { out, lse } = attention({ q, k: none, v: none });
    expect(out.data.every((x) => x === 0)).toBe(true);
    expect(lse.data.every((x) => x === -Infinity)).toBe(true);
    expect(attentionBackward({ q, k: none, v: none }, { dOut }).dq.data.every((x) => x === 0)).toBe(true);
  });
});

describe.each([NaN, Infinity, -Infinity, 1e300])('%s behind a mask', (garbage) => {
  test('does not reach out, lse or any gradient', () => {
    const mask = { data: Uint8Array.of(1, 1, 0, 1, 1, 1), shape: [1, 1, 1, Lk] };
    const clean = { q, k, v, options: { mask } };
    const dirty = { q, k: poisoned(k, 2, garbage), v: poisoned(v, 2, garbage), options: { mask } };
    expect(attention(dirty)).toEqual(attention(clean));
    expect(attentionBackward(dirty, { dOut, dLse })).toEqual(attentionBackward(clean, { dOut, dLse }));
  });
});

describe('a visible NaN', () => {
  test('reaches the rows that see it and no other', () => {
    const { out, lse } = attention({ q, k: poisoned(k, 2, NaN), v, options: { causal: 'topLeft' } });
    rowsOf(out, D).forEach((row, index) => {
      expect(row.every(Number.isNaN)).toBe(index % Lq >= 2);
    });
    lse.data.forEach((x, index) => {
      expect(Number.isNaN(x)).toBe(index % Lq >= 2);
    });
  });

  test('in a value leaves lse alone', () => {
    const { out, lse } = attention({ q, k, v: poisoned(v, 2, NaN), options: { causal: 'topLeft' } });
    rowsOf(out, D).forEach((row, index) => {
      expect(row.every(Number.isNaN)).toBe(index % Lq >= 2);
    });
    expect(lse).toEqual(attention({ q, k, v, options: { causal: 'topLeft' } }).lse);
  });

  test('in a query stays in its row of dq, and reaches the keys that the row sees', () => {
    const { dq, dk } = attentionBackward({ q: poisoned(q, 1, NaN), k, v, options: { causal: 'topLeft' } }, { dOut });
    rowsOf(dq, D).forEach((row, index) => {
      expect(row.every(Number.isNaN)).toBe(index % Lq === 1);
    });
    rowsOf(dk, D).forEach((row, index) => {
      expect(row.every(Number.isNaN)).toBe(index % Lk <= 1);
    });
  });
});

test('+Infinity in a score makes the row and its lse NaN', () => {
  const bias = { data: Float64Array.of(0, 0, Infinity, 0, 0, 0), shape: [1, 1, 1, Lk] };
  const { out, lse } = attention({ q, k, v, options: { bias, causal: 'topLeft' } });
  rowsOf(out, D).forEach((row, index) => {
    expect(row.every(Number.isNaN)).toBe(index % Lq >= 2);
  });
  lse.data.forEach((x, index) => {
    expect(Number.isNaN(x)).toBe(index % Lq >= 2);
  });
});

test('keys at or past kvLengths are never read', () => {
  const reads = new Set<number>();
  const watched = ({ data, shape }: Tensor<Float64Array>): Tensor => ({
    shape,
    data: new Proxy(data, {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads.add(Math.floor(Number(property) / D) % Lk);
        return Reflect.get(target, property, target);
      },
    }),
  });
  const problem = { q, k: watched(k), v: watched(v), options: { kvLengths: int32Tensor(4) } };
  attention(problem);
  const { dk, dv } = attentionBackward(problem, { dOut });
  expect([...reads].sort()).toEqual([0, 1, 2, 3]);
  for (const tensor of [dk, dv]) {
    rowsOf(tensor, D).forEach((row, index) => {
      expect(row.every((x) => x === 0)).toBe(index % Lk >= 4);
    });
  }
});

import { describe, expect, test } from 'vitest';
import type { AttentionOptions, Tensor } from '../../packages/core/src/types.js';
import { addon, backwardCall, bytesOf, forwardCall, integers, random, type Sizes } from './addon.js';

const sizes: Sizes = { batch: 1, queryHeads: 4, kvHeads: 2, queries: 150, keys: 201, width: 40, valueWidth: 24 };

function open(threads: number, isa = '') {
  return addon.openDevice({ backend: 'cpu', device: 'system', threads, isa });
}

function run(threads: number, isa: string, options: AttentionOptions): Buffer {
  const device = open(threads, isa);
  const forward = forwardCall(sizes);
  forward.options = options;
  device.forward(forward);
  const backward = backwardCall(forward);
  device.backward(backward);
  device.close();
  const written = [forward.out, forward.lse, forward.softmaxStats, backward.dq, backward.dk, backward.dv];
  return Buffer.concat(written.map(bytesOf));
}

const variants: [string, AttentionOptions][] = [
  ['dense', {}],
  ['causal', { causal: 'bottomRight' }],
  ['window', { window: { left: 30, right: 10 } }],
  [
    'mask and bias',
    {
      mask: integers(
        Array.from({ length: 201 }, (_, j) => (j % 3 === 0 ? 0 : 1)),
        [1, 1, 1, 201],
        'bool',
      ),
      bias: random([1, 4, 1, 201], 9),
    },
  ],
];

describe.each(addon.instructionSets())('%s', (isa) => {
  test.each(variants)('the number of threads does not change a bit: %s', (_, options) => {
    const expected = run(1, isa, options);
    for (const threads of [2, 5, 2]) expect(run(threads, isa, options).equals(expected)).toBe(true);
  });

  test('out is the softmax-weighted mean of v', () => {
    const device = open(2, isa);
    const call = forwardCall();
    call.options = { causal: 'bottomRight' };
    device.forward(call);
    const { out, lse } = naive(call.q, call.k, call.v);
    expectClose(call.out, out);
    expectClose(call.lse, lse);
    device.close();
  });

  test('tensors may lie next to each other in memory', () => {
    const device = open(1, isa);
    const expected = forwardCall();
    device.forward(expected);
    const call = forwardCall();
    const before = call.q.data as Float32Array;
    const memory = new Float32Array(before.length + (call.out.data as Float32Array).length);
    memory.set(before);
    call.q = { ...call.q, data: memory.subarray(0, before.length) };
    call.out = { ...call.out, data: memory.subarray(before.length) };
    device.forward(call);
    device.close();
    expect(bytesOf(call.out).equals(bytesOf(expected.out))).toBe(true);
  });

  test.each(['q', 'dOut'] as const)('NaN in two rows of %s reaches the gradients of the keys that they see', (name) => {
    const device = open(1, isa);
    const forward = forwardCall();
    forward.options = { causal: 'topLeft' };
    const backward = backwardCall(forward);
    const data = backward[name].data as Float32Array;
    const width = backward[name].shape.at(-1) ?? 0;
    data.fill(Number.NaN, 0, width).fill(Number.NaN, 2 * width, 3 * width);
    device.forward(forward);
    device.backward(backward);
    device.close();
    // Of the 3 rows, row 0 and row 2 of the first head: keys 0 to 2 are seen, 3 and 4 are not.
    const isNaNs = ({ data, shape }: Tensor) =>
      Array.from({ length: shape[2] ?? 0 }, (_, row) => Number.isNaN((data as Float32Array)[row * (shape[3] ?? 0)]));
    expect(isNaNs(backward.dq)).toEqual([true, false, true]);
    expect(isNaNs(backward.dk)).toEqual([true, true, true, false, false]);
    expect(isNaNs(backward.dv)).toEqual([true, true, true, false, false]);
  });

  test('a row whose bias is the lowest number everywhere weighs its keys alike', () => {
    const device = open(1, isa);
    const forward = forwardCall({ batch: 1, queryHeads: 1, kvHeads: 1, queries: 1, keys: 2, width: 5, valueWidth: 5 });
    (forward.q.data as Float32Array).fill(-1e36);
    (forward.k.data as Float32Array).fill(1);
    (forward.v.data as Float32Array).fill(1, 0, 5).fill(3, 5);
    const lowest = new Float32Array(2).fill(-3.4028234663852886e38);
    forward.options = { bias: { data: lowest, shape: [1, 1, 1, 2], dtype: 'float32' } };
    device.forward(forward);
    device.close();
    expect(Array.from(forward.out.data as Float32Array)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe.each(addon.instructionSets())('%s, nothing to see', (isa) => {
  const device = open(2, isa);
  const empty = (changed: Partial<Sizes>) => {
    const forward = forwardCall({ ...sizes, ...changed });
    for (const { data } of [forward.out, forward.lse]) (data as Float32Array).fill(7);
    device.forward(forward);
    const backward = backwardCall(forward);
    for (const { data } of [backward.dq, backward.dk, backward.dv]) (data as Float32Array).fill(7);
    device.backward(backward);
    const all = (tensor: Tensor, value: number) => (tensor.data as Float32Array).every((element) => element === value);
    return { forward, backward, all };
  };

  test('no keys: out and dq are 0, lse is -Infinity', () => {
    const { forward, backward, all } = empty({ keys: 0 });
    expect(all(forward.out, 0) && all(backward.dq, 0) && all(forward.lse, Number.NEGATIVE_INFINITY)).toBe(true);
  });

  test('no queries: dk and dv are 0', () => {
    const { backward, all } = empty({ queries: 0 });
    expect(all(backward.dk, 0) && all(backward.dv, 0)).toBe(true);
  });

  test('no batch: nothing to do', () => {
    expect(() => empty({ batch: 0 })).not.toThrow();
  });

  test('neither queries nor keys: no work, however many heads there are', () => {
    const heads = { batch: 2 ** 20, queryHeads: 2 ** 20, kvHeads: 2 ** 20 };
    expect(() => empty({ ...heads, queries: 0, keys: 0 })).not.toThrow();
  });
});

/** Causal bottomRight attention in float64, layout bhld. */
function naive(q: Tensor, k: Tensor, v: Tensor): { out: number[]; lse: number[] } {
  const [B = 0, Hq = 0, Lq = 0, D = 0] = q.shape;
  const [, Hkv = 0, Lk = 0, Dv = 0] = v.shape;
  const at = (tensor: Tensor, index: number): number => (tensor.data as Float32Array)[index] ?? Number.NaN;
  const out: number[] = [];
  const lse: number[] = [];
  for (let row = 0; row < B * Hq * Lq; row++) {
    const i = row % Lq;
    const h = Math.floor(row / Lq) % Hq;
    const head = Math.floor(row / Lq / Hq) * Hkv + Math.floor((h * Hkv) / Hq);
    const visible = Array.from({ length: Math.min(i + Lk - Lq + 1, Lk) }, (_, j) => head * Lk + j);
    const scores = visible.map((key) => {
      let dot = 0;
      for (let d = 0; d < D; d++) dot += at(q, row * D + d) * at(k, key * D + d);
      return dot / Math.sqrt(D);
    });
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    lse.push(Math.log(sum));
    for (let d = 0; d < Dv; d++) {
      out.push(visible.reduce((total, key, n) => total + (Math.exp(scores[n] ?? 0) / sum) * at(v, key * Dv + d), 0));
    }
  }
  return { out, lse };
}

function expectClose(actual: Tensor, expected: number[]): void {
  const values = actual.data as Float32Array;
  expect(values.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(values[index]).toBeCloseTo(value, 5);
}

import { describe, expect, test } from 'vitest';
import { type AttentionOptions, attention, attentionBackward, dropoutMask, type Problem } from '../src/index.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';

const q = randomTensor(1, [2, 4, 3, 4]);
const k = randomTensor(2, [2, 2, 5, 4]);
const v = randomTensor(3, [2, 2, 5, 4]);
const table = (rows: number, columns: number) => randomTensor(4, [rows, columns]);
const rope = (cos: [number, number], sin: [number, number]) =>
  ({ cos: table(...cos), sin: table(...sin), style: 'half' }) as const;

const badOptions: [string, AttentionOptions, RegExp][] = [
  ['unknown causal', { causal: true as never }, /causal: expected topLeft, bottomRight or an integer offset, got true/],
  ['fractional offset', { causal: { offset: 0.5 } }, /causal: .* got {"offset":0.5}/],
  [
    'align against causal',
    { causal: 'topLeft', align: 'bottomRight' },
    /align: expected the diagonal of causal \(offset 0\)/,
  ],
  ['window below -1', { window: { left: -2, right: 0 } }, /window: expected integers >= -1, got -2/],
  ['non-finite scale', { scale: Infinity }, /scale: expected a finite number, got Infinity/],
  ['negative softcap', { softcap: -1 }, /softcap: .* got -1/],
  [
    'mask shape',
    { mask: randomTensor(1, [1, 3, 3, 5]) },
    /mask: expected row-major \[1\|2, 1\|4, 1\|3, 5\], got \[1, 3, 3, 5\]/,
  ],
  [
    'bias with too little data',
    { bias: { data: new Float64Array(4), shape: [1, 1, 1, 5] } },
    /bias: .* with 4 elements/,
  ],
  ['slopes shape', { alibiSlopes: randomTensor(1, [2]) }, /alibiSlopes: expected shape \[4\] or \[2, 4\], got \[2\]/],
  ['sinks shape', { sinks: randomTensor(1, [2]) }, /sinks: expected shape \[4\], got \[2\]/],
  ['dropout rate of one', { dropout: { rate: 1, seed: 0n } }, /dropout: expected a rate in \[0, 1\), got 1/],
  ['keep mask shape', { dropout: { rate: 0.5, keep: table(4, 5) } }, /dropout.keep: expected shape \[2, 4, 3, 5\]/],
  ['kvLengths beyond the keys', { kvLengths: int32Tensor(5, 6) }, /kvLengths: expected values in \[0, 5\], got 6/],
  ['negative kvLengths', { kvLengths: int32Tensor(-1, 2) }, /kvLengths: .* got -1/],
  ['kvLengths shape', { kvLengths: int32Tensor(5) }, /kvLengths: expected shape \[2\], got \[1\]/],
  ['one of cuSeqlens', { cuSeqlensQ: int32Tensor(0, 3) }, /cuSeqlensQ, cuSeqlensK: expected both/],
  ['rope tables that disagree', { rope: rope([5, 2], [5, 1]) }, /rope.sin: expected shape \[5, 2\], got \[5, 1\]/],
  ['rope wider than the head', { rope: rope([5, 3], [5, 3]) }, /rope.cos: expected shape \[5, 2\], got \[5, 3\]/],
  ['rope table too short', { rope: rope([2, 2], [2, 2]) }, /rope: expected positions in \[0, 2\), got 2/],
  ['kScale shape', { kScale: table(2, 5) }, /kScale: expected shape \[2, 2, 5\], got \[2, 5\]/],
];

const packed = (starts: number[], keyStarts = [0, 5]): Problem => ({
  q: randomTensor(1, [3, 2, 4]),
  k: randomTensor(2, [5, 2, 4]),
  v: randomTensor(3, [5, 2, 4]),
  options: { cuSeqlensQ: int32Tensor(...starts), cuSeqlensK: int32Tensor(...keyStarts) },
});

const badProblems: [string, Problem, RegExp][] = [
  ['rank of q', { q: randomTensor(1, [4, 3, 4]), k, v }, /q: expected rank 4/],
  ['rank of k', { q, k: randomTensor(1, [2, 5, 4]), v }, /k: expected rank 4/],
  ['batch of k', { q, k: randomTensor(1, [1, 2, 5, 4]), v }, /k: expected batch 2, got 1/],
  ['width of k', { q, k: randomTensor(1, [2, 2, 5, 3]), v }, /k: expected shape \[2, 2, 5, 4\], got \[2, 2, 5, 3\]/],
  ['length of v', { q, k, v: randomTensor(1, [2, 2, 4, 4]) }, /v: expected shape \[2, 2, 5, 4\]/],
  ['heads that do not divide', { q: randomTensor(1, [2, 3, 3, 4]), k, v }, /q: expected a multiple of 2 heads, got 3/],
  [
    'data shorter than its shape',
    { q, k, v: { data: v.data.slice(1), shape: v.shape } },
    /v: expected at least 80 elements, got 79/,
  ],
  ['strides past the end', { q, k, v: { ...v, strides: [40, 20, 4, 2] } }, /v: expected at least 83 elements, got 80/],
  [
    'cuSeqlens that decrease',
    { ...packed([0, 2, 1, 3], [0, 1, 2, 5]) },
    /cuSeqlensQ: expected 0, then no decrease, up to 3, got 0, 2, 1, 3/,
  ],
  ['cuSeqlens that end early', packed([0, 2]), /cuSeqlensQ: .* up to 3, got 0, 2/],
  ['cuSeqlens of two lengths', packed([0, 1, 3]), /cuSeqlensK: expected shape \[3\], got \[2\]/],
  [
    'page out of range',
    {
      q,
      k: randomTensor(2, [3, 2, 2, 4]),
      v: randomTensor(3, [3, 2, 2, 4]),
      options: { blockTable: { data: Int32Array.of(0, 1, 2, 3), shape: [2, 2] } },
    },
    /blockTable: expected pages in \[0, 3\), got 3 for token 2 of sequence 1/,
  ],
];

describe('refused by name', () => {
  test.each(badOptions)('%s', (_, options, message) => {
    expect(() => attention({ q, k, v, options })).toThrow(message);
  });
  test.each(badProblems)('%s', (_, problem, message) => {
    expect(() => attention(problem)).toThrow(message);
  });
  test('gradients of paged and int8 keys', () => {
    const dOut = randomTensor(5, [2, 4, 3, 4]);
    const kScale = randomTensor(6, [2, 2, 5]);
    expect(() => attentionBackward({ q, k, v, options: { kScale } }, { dOut })).toThrow(
      /kScale: expected none in attentionBackward/,
    );
    expect(() => attentionBackward({ q, k, v, options: { blockTable: table(2, 2) } }, { dOut })).toThrow(
      /blockTable: expected none/,
    );
  });
  test('gradients of other shapes than their outputs', () => {
    const dOut = randomTensor(5, [2, 4, 3, 4]);
    expect(() => attentionBackward({ q, k, v }, { dOut: randomTensor(5, [2, 4, 4, 4]) })).toThrow(
      /dOut: expected shape/,
    );
    expect(() => attentionBackward({ q, k, v }, { dOut, dLse: table(2, 4) })).toThrow(/dLse: expected shape/);
  });
  test('a page behind kvLengths may be out of range', () => {
    const options = { blockTable: { data: Int32Array.of(0, 99), shape: [1, 2] }, kvLengths: int32Tensor(2) };
    const pool = randomTensor(2, [1, 2, 4, 4]);
    expect(() => attention({ q: randomTensor(1, [1, 4, 3, 4]), k: pool, v: pool, options })).not.toThrow();
  });
  test('a mask of rate one', () => {
    expect(() => dropoutMask({ rate: 1, seed: 0n, shape: [1, 1, 1, 1] })).toThrow(/dropout: expected a rate/);
  });
});

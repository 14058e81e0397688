import { describe, expect, test } from 'vitest';
import { type Example, expectSame, type Feeds, int32, modelOf } from './support/contrib.js';
import { assigned, float32, ours } from './support/host.js';

describe('MultiHeadAttention', () => {
  const names = ['Q', 'K', 'V', '', 'M', 'A'];
  const operands = (queries = 5, keys = 7): Feeds => ({
    Q: float32([2, queries, 48], 1),
    K: float32([2, keys, 48], 2),
    V: float32([2, keys, 48], 3),
  });
  const heads = { num_heads: 3 };
  const examples: Example[] = [
    { name: 'plain', attributes: heads, feeds: operands() },
    { name: 'scale', attributes: { ...heads, scale: { float: 0.3 } }, feeds: operands() },
    { name: 'wider values', attributes: heads, feeds: { ...operands(), V: float32([2, 7, 72], 3) } },
    { name: 'attention_bias', attributes: heads, feeds: { ...operands(), A: float32([2, 3, 5, 7], 4) } },
    { name: 'attention_bias for all', attributes: heads, feeds: { ...operands(), A: float32([1, 1, 5, 7], 4) } },
    {
      name: 'key_padding_mask',
      attributes: heads,
      feeds: { ...operands(), M: int32([2, 7], (i) => Number(i % 3 > 0)) },
    },
    {
      name: 'key_padding_mask of numbers other than 0 and 1',
      attributes: heads,
      feeds: { ...operands(), M: int32([2, 7], (i) => (i % 4) - 1) },
    },
    {
      name: 'key_padding_mask of rows',
      attributes: heads,
      feeds: { ...operands(), M: int32([2, 5, 7], (i) => Number(i % 3 > 0)) },
    },
    {
      name: 'key_padding_mask that leaves nothing, and a filter value that leaks',
      attributes: { ...heads, mask_filter_value: { float: -2 } },
      feeds: { ...operands(), M: int32([2, 7], (i) => Number(i > 8)) },
    },
    {
      name: 'key_padding_mask and attention_bias',
      attributes: heads,
      feeds: { ...operands(), M: int32([2, 7], (i) => Number(i % 3 > 0)), A: float32([1, 3, 5, 7], 4) },
    },
    {
      name: 'an empty batch beside a bias of one',
      attributes: heads,
      feeds: {
        Q: float32([0, 5, 48], 1),
        K: float32([0, 7, 48], 2),
        V: float32([0, 7, 48], 3),
        M: int32([0, 7], () => 1),
        A: float32([1, 3, 5, 7], 4),
      },
    },
    { name: 'unidirectional', attributes: { ...heads, unidirectional: 1 }, feeds: operands(6, 6), fixed: true },
  ];
  test.each(examples)('$name', async (example) => {
    await expectSame(modelOf('MultiHeadAttention', names, example), example.feeds);
  });

  test.each<[string, Example, string]>([
    [
      'unidirectional of lengths that are not known',
      { name: '', attributes: { ...heads, unidirectional: 1 }, feeds: operands(6, 6) },
      'unidirectional',
    ],
    [
      'a projection bias',
      { name: '', attributes: heads, feeds: { ...operands(), P: float32([144], 5) } },
      'input bias',
    ],
    [
      'lengths in place of a mask',
      { name: '', attributes: heads, feeds: { ...operands(), M: int32([2], () => 6) } },
      'key_padding_mask',
    ],
    [
      'packed keys and values',
      { name: '', attributes: heads, feeds: { Q: float32([2, 5, 48], 1), K: float32([2, 7, 3, 2, 16], 2) } },
      'rank 3',
    ],
  ])('%s: left to ONNX Runtime', async (_, example, reason) => {
    const withBias = ['Q', 'K', 'V', 'P', 'M', 'A'];
    const session = await ours(modelOf('MultiHeadAttention', withBias, example));
    expect(assigned(session).elsewhere['MultiHeadAttention']).toContain(reason);
  });
});

import { describe, expect, test } from 'vitest';
import { type Example, expectSame, type Feeds, int32, int64, modelOf, type Tensor } from './support/contrib.js';
import { assigned, float32, ort, ours } from './support/host.js';
import type { ElementType } from './support/model.js';

describe('GroupQueryAttention', () => {
  const names = ['Q', 'K', 'V', 'PK', 'PV', 'S', 'T', 'C', 'N', 'I', 'A', 'H'];
  const [heads, kvHeads, width] = [4, 2, 16] as const;
  const attributes = { num_heads: heads, kv_num_heads: kvHeads };
  const cache = (past: number, seed: number) => float32([2, kvHeads, past, width], seed);

  /** Rows of two batch entries with so many keys; `past` rows of the cache exist. */
  function call(rows: number, lengths: [number, number], past = 0): Feeds {
    const total = Math.max(...lengths, past === 0 ? rows : 0);
    return {
      Q: float32([2, rows, heads * width], 1),
      K: float32([2, rows, kvHeads * width], 2),
      V: float32([2, rows, kvHeads * width], 3),
      ...(past > 0 && { PK: cache(past, 4), PV: cache(past, 5) }),
      S: int32([2], (i) => lengths[i]! - 1),
      T: int32([1], () => total),
    };
  }
  const angles = (position: number, pair: number) => position / 10 ** (pair / 4);
  const table = (of: (angle: number) => number, pairs = 8) =>
    new ort.Tensor(
      'float32',
      Float32Array.from({ length: 32 * pairs }, (_, i) => of(angles(Math.floor(i / pairs), i % pairs))),
      [32, pairs],
    );
  const rotary = { C: table(Math.cos), N: table(Math.sin) };

  const examples: Example[] = [
    { name: 'a prompt', attributes, feeds: call(6, [6, 6]) },
    { name: 'a prompt, padded on the right', attributes, feeds: call(6, [6, 3]) },
    { name: 'a prompt into a cache that has room', attributes, feeds: call(6, [6, 4], 12) },
    { name: 'one token more', attributes, feeds: call(1, [7, 4], 6) },
    { name: 'one token more, with room', attributes, feeds: call(1, [7, 4], 20) },
    {
      name: 'scale and softcap',
      attributes: { ...attributes, scale: { float: 0.5 }, softcap: { float: 0.7 } },
      feeds: call(1, [7, 4], 9),
    },
    { name: 'a window', attributes: { ...attributes, local_window_size: 3 }, feeds: call(6, [6, 6]) },
    {
      name: 'a window, one token more',
      attributes: { ...attributes, local_window_size: 3 },
      feeds: call(1, [7, 4], 6),
    },
    {
      name: 'rotary halves, a prompt',
      attributes: { ...attributes, do_rotary: 1 },
      feeds: { ...call(6, [6, 6]), ...rotary },
    },
    {
      name: 'rotary halves, one token more',
      attributes: { ...attributes, do_rotary: 1 },
      feeds: { ...call(1, [7, 4], 6), ...rotary },
    },
    {
      name: 'rotary neighbours, one token more',
      attributes: { ...attributes, do_rotary: 1, rotary_interleaved: 1 },
      feeds: { ...call(1, [7, 4], 6), ...rotary },
    },
    { name: 'smooth softmax', attributes: { ...attributes, smooth_softmax: 1 }, feeds: call(6, [6, 6]) },
    { name: 'head_sink', attributes, feeds: { ...call(1, [7, 4], 6), H: float32([heads], 7) } },
    { name: 'attention_bias', attributes, feeds: { ...call(6, [6, 6]), A: float32([1, heads, 6, 6], 7) } },
    {
      name: 'query, key and value in one tensor',
      attributes,
      feeds: {
        Q: float32([2, 1, (heads + 2 * kvHeads) * width], 1),
        PK: cache(6, 4),
        PV: cache(6, 5),
        S: int32([2], (i) => [6, 3][i]!),
        T: int32([1], () => 7),
      },
    },
  ];

  // The second part of a prompt, which ONNX Runtime has for a batch of one.
  const more: Feeds = {
    Q: float32([1, 3, heads * width], 1),
    K: float32([1, 3, kvHeads * width], 2),
    V: float32([1, 3, kvHeads * width], 3),
    PK: float32([1, kvHeads, 9, width], 4),
    PV: float32([1, kvHeads, 9, width], 5),
    S: int32([1], () => 7),
    T: int32([1], () => 8),
  };
  examples.push(
    { name: 'more of a prompt', attributes, feeds: more },
    {
      name: 'more of a prompt, with everything',
      attributes: { ...attributes, local_window_size: 4, smooth_softmax: 1, softcap: { float: 0.9 } },
      feeds: { ...more, A: float32([1, 1, 3, 8], 6) },
    },
    { name: 'more of a prompt, not causal', attributes: { ...attributes, causal: 0 }, feeds: more },
  );

  test.each(examples)('$name', async (example) => {
    const more = { ...example, more: ['PK2', 'PV2'] };
    const lengths = Array.from(example.feeds['S']!.data as Int32Array, (last) => last + 1);
    const queries = example.feeds['Q']!.dims[1]!;
    const prompt = (example.feeds['T']!.data as Int32Array)[0] === queries;
    // What lies past a length is nobody's: rows of padding, and room in the cache.
    const used = (name: string, { data, dims }: Tensor) => {
      const rowAxis = name === 'Y' ? 1 : 2;
      const inner = dims.slice(rowAxis + 1).reduce((a, b) => a * b, 1);
      return (data as Float32Array).map((value, index) => {
        const row = Math.floor(index / inner) % dims[rowAxis]!;
        const batch = Math.floor(index / (data.length / lengths.length));
        return row < (name === 'Y' && !prompt ? queries : lengths[batch]!) ? value : 0;
      });
    };
    await expectSame(modelOf('GroupQueryAttention', names, more), example.feeds, used);
  });

  test.each<[string, Example, string]>([
    [
      'scores as an output',
      { name: '', attributes: { ...attributes, qk_output: 1 }, feeds: call(6, [6, 6]), more: ['PK2', 'PV2', 'QK'] },
      'output_qk',
    ],
    [
      'positions of the caller',
      {
        name: '',
        attributes: { ...attributes, do_rotary: 1 },
        feeds: { ...call(6, [6, 6]), ...rotary, I: int64([2, 6], (i) => i) },
      },
      'position_ids',
    ],
    [
      'rotation in float16',
      {
        name: '',
        attributes: { ...attributes, do_rotary: 1 },
        feeds: Object.fromEntries(
          Object.entries({ ...call(6, [6, 6]), ...rotary }).map(([name, tensor]) => [
            name,
            tensor.type === 'float32'
              ? new ort.Tensor('float16', new Uint16Array(tensor.data.length), tensor.dims)
              : tensor,
          ]),
        ),
      },
      'do_rotary',
    ],
    [
      'a window that no key is in',
      { name: '', attributes: { ...attributes, local_window_size: 0 }, feeds: call(6, [6, 6]) },
      'local_window_size',
    ],
    [
      'more heads than can be counted',
      { name: '', attributes: { num_heads: 2, kv_num_heads: 2 ** 31 }, feeds: call(6, [6, 6]) },
      'kv_num_heads',
    ],
    [
      'keys that are there already',
      {
        name: '',
        attributes,
        feeds: {
          ...call(1, [7, 4], 7),
          K: float32([2, 0, kvHeads * width], 2),
          V: float32([2, 0, kvHeads * width], 3),
        },
        fixed: true,
      },
      'other rows',
    ],
  ])('%s: left to ONNX Runtime', async (_, example, reason) => {
    const model = modelOf('GroupQueryAttention', names, { more: ['PK2', 'PV2'], ...example });
    const outputs = Object.fromEntries(
      Object.keys(model.outputs).map((name) => [name, example.feeds['Q']!.type as ElementType]),
    );
    const session = await ours({ ...model, outputs });
    expect(assigned(session).elsewhere['GroupQueryAttention']).toContain(reason);
  });

  test.each([
    ['lengths that overflow', { S: int32([2], () => 2 ** 31 - 1) }],
    ['a total below the rows', { T: int32([1], () => -1) }],
  ])('%s are refused by name', async (_, wrong) => {
    const feeds = call(1, [7, 4], 6);
    const session = await ours(
      modelOf('GroupQueryAttention', names, { name: '', attributes, feeds, more: ['PK2', 'PV2'] }),
      { logSeverityLevel: 4 },
    );
    const run = session.run({ ...feeds, ...wrong });
    await expect(run).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'kvLengths' });
  });

  test('a length past the cache is refused by name', async () => {
    const feeds = call(1, [7, 4], 6);
    const session = await ours(
      modelOf('GroupQueryAttention', names, { name: '', attributes, feeds, more: ['PK2', 'PV2'] }),
      { logSeverityLevel: 4 },
    );
    const wrong = { ...feeds, S: int32([2], () => 40) };
    await expect(session.run(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'kvLengths' });
  });
});

import { fromFloat16, toFloat16 } from '@fa-metal/reference';
import { describe, expect, test } from 'vitest';
import { type Feeds, int32, modelOf, type Tensor } from './support/contrib.js';
import { assigned, difference, float32, ort, ours, stock } from './support/host.js';

describe("float16 of com.microsoft's operators", () => {
  const half = (tensor: Tensor) =>
    tensor.type === 'float32' ? new ort.Tensor('float16', toFloat16(tensor.data as Float32Array), tensor.dims) : tensor;
  const names = {
    MultiHeadAttention: ['Q', 'K', 'V', '', 'M', 'A'],
    GroupQueryAttention: ['Q', 'K', 'V', 'PK', 'PV', 'S', 'T', '', '', '', 'A'],
  };
  const rows = (length: number) => float32([2, length, 32], length);

  // Held against float32 of the same numbers: ONNX Runtime's own MultiHeadAttention has no float16 on the CPU.
  test.each([
    ['MultiHeadAttention', { num_heads: 2 }, { Q: rows(5), K: rows(7), V: rows(7), M: int32([2, 7], (i) => i % 3) }],
    ['MultiHeadAttention', { num_heads: 2 }, { Q: rows(5), K: rows(7), V: rows(7), A: float32([1, 2, 5, 7], 3) }],
    [
      'GroupQueryAttention',
      { num_heads: 2, kv_num_heads: 1 },
      {
        Q: rows(1),
        K: float32([2, 1, 16], 2),
        V: float32([2, 1, 16], 3),
        PK: float32([2, 1, 8, 16], 4),
        PV: float32([2, 1, 8, 16], 5),
        S: int32([2], (i) => [6, 3][i]!),
        T: int32([1], () => 7),
        A: float32([2, 1, 1, 7], 6),
      },
    ],
  ] as const)('%s %#', async (op, attributes, feeds: Feeds) => {
    const more = op === 'GroupQueryAttention' ? ['PK2', 'PV2'] : [];
    const halves = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, half(tensor)]));
    const wide = Object.fromEntries(
      Object.entries(halves).map(([name, tensor]) => [
        name,
        tensor.type === 'float16'
          ? new ort.Tensor(
              'float32',
              Float32Array.from(fromFloat16(tensor.data as unknown as Uint16Array)),
              tensor.dims,
            )
          : tensor,
      ]),
    );
    const model = modelOf(op, names[op], { name: '', attributes, feeds: halves, more });
    const session = await ours({
      ...model,
      outputs: Object.fromEntries(Object.keys(model.outputs).map((name) => [name, 'float16'])),
    });
    expect(assigned(session)).toEqual({ here: [op], elsewhere: {} });
    const { Y } = await session.run(halves);
    const { Y: theirs } = await (await stock(modelOf(op, names[op], { name: '', attributes, feeds: wide, more }))).run(
      wide,
    );
    expect(Y!.dims).toEqual(theirs!.dims);
    expect(difference(fromFloat16(Y!.data as unknown as Uint16Array), theirs!.data as Float32Array)).toBeLessThan(
      2 ** -10,
    );
  });
});

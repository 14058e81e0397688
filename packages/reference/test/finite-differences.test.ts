import { describe, expect, test } from 'vitest';
import { type AttentionOptions, attention, attentionBackward, type Problem, type Tensor } from '../src/index.js';
import { int32Tensor, randomTensor } from '../test-support/random.js';

const [B, Hq, Hkv, Lq, Lk, D, Dv] = [2, 4, 2, 3, 5, 4, 3] as const;
const step = 1e-5;

const bias = (...shape: number[]) => randomTensor(11, shape);
const slopes = (...shape: number[]) => randomTensor(12, shape);
const sinks = randomTensor(13, [Hq]);
const mask: Tensor = {
  data: Uint8Array.from(randomTensor(14, [B, 1, Lq, Lk]).data, (x) => (x > -0.4 ? 1 : 0)),
  shape: [B, 1, Lq, Lk],
};
const rope = { cos: randomTensor(15, [8, 2]), sin: randomTensor(16, [8, 2]) };
const partial = { cos: randomTensor(17, [8, 1]), sin: randomTensor(18, [8, 1]) };
const positions = {
  positionsQ: { data: Int32Array.of(5, 0, 7, 1, 1, 2), shape: [B, Lq] },
  positionsK: { data: Int32Array.of(0, 7, 2, 3, 3, 6, 5, 4, 1, 0), shape: [B, Lk] },
};

const combinations: Record<string, AttentionOptions> = {
  plain: {},
  'scale and softcap': { scale: 1.5, softcap: 0.7 },
  'causal topLeft': { causal: 'topLeft' },
  'causal bottomRight, rows that see nothing': { causal: { offset: -1 }, sinks },
  window: { window: { left: 1, right: 0 }, align: 'topLeft' },
  'bias by key': { bias: bias(1, 1, 1, Lk) },
  'bias by batch and row': { bias: bias(B, 1, Lq, Lk) },
  'full bias, softcap, mask': { bias: bias(B, Hq, Lq, Lk), softcap: 2, mask },
  alibi: { alibiSlopes: slopes(Hq) },
  'alibi by batch, causal': { alibiSlopes: slopes(B, Hq), causal: 'bottomRight' },
  sinks: { sinks, mask },
  dropout: { dropout: { rate: 0.4, seed: 123456789012345n }, sinks },
  kvLengths: {
    kvLengths: int32Tensor(2, 4),
    causal: 'bottomRight',
    alibiSlopes: slopes(Hq),
    bias: bias(1, Hq, 1, Lk),
  },
  'kvLengths of zero': { kvLengths: int32Tensor(0, 5), bias: bias(1, 1, Lq, Lk) },
  'rope half': { rope: { ...rope, style: 'half', ...positions } },
  'rope interleaved, default positions': { rope: { ...rope, style: 'interleaved' }, causal: 'bottomRight' },
  'rope partial': { rope: { ...partial, style: 'half', ...positions }, softcap: 3 },
  everything: {
    bias: bias(1, Hq, Lq, Lk),
    alibiSlopes: slopes(B, Hq),
    sinks,
    mask,
    softcap: 1.3,
    scale: 0.9,
    window: { left: 3, right: 1 },
    kvLengths: int32Tensor(4, 5),
    dropout: { rate: 0.25, seed: -1n },
    rope: { ...rope, style: 'interleaved', ...positions },
  },
};

function transposed(shape: readonly number[]): number[] {
  return [shape[0]!, shape[2]!, shape[1]!, shape[3]!];
}

function buildProblem(options: AttentionOptions): Problem {
  const order = options.layout === 'blhd' ? transposed : (shape: readonly number[]) => [...shape];
  return {
    q: randomTensor(1, order([B, Hq, Lq, D])),
    k: randomTensor(2, order([B, Hkv, Lk, D])),
    v: randomTensor(3, order([B, Hkv, Lk, Dv])),
    options,
  };
}

function packedProblem(): Problem {
  return {
    q: randomTensor(1, [6, Hq, D]),
    k: randomTensor(2, [9, Hkv, D]),
    v: randomTensor(3, [9, Hkv, Dv]),
    options: {
      cuSeqlensQ: int32Tensor(0, 2, 2, 6),
      cuSeqlensK: int32Tensor(0, 5, 8, 9),
      causal: 'bottomRight',
      sinks,
      alibiSlopes: slopes(Hq),
      bias: bias(3, 1, 4, 5),
      dropout: { rate: 0.3, seed: 5n },
      rope: { ...rope, style: 'half', positionsQ: int32Tensor(0, 1, 2, 3, 4, 5) },
    },
  };
}

/** Tensors that have a gradient, by the gradient's name. */
function differentiable({ q, k, v, options = {} }: Problem): Record<string, Tensor> {
  const { bias: dBias, alibiSlopes: dAlibiSlopes, sinks: dSinks } = options;
  const all = { dq: q, dk: k, dv: v, dBias, dAlibiSlopes, dSinks };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Tensor] => entry[1] !== undefined));
}

function expectGradientsMatch(problem: Problem): void {
  const shapes = attention(problem);
  const dOut = randomTensor(21, shapes.out.shape);
  const dLse = randomTensor(22, shapes.lse.shape);
  const loss = (): number => {
    const { out, lse } = attention(problem);
    return (
      out.data.reduce((sum, x, index) => sum + x * dOut.data[index]!, 0) +
      lse.data.reduce((sum, x, index) => (x === -Infinity ? sum : sum + x * dLse.data[index]!), 0)
    );
  };
  const gradients: Record<string, Tensor> = { ...attentionBackward(problem, { dOut, dLse }) };
  const tensors = differentiable(problem);
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    expect(gradients[name]!.shape).toEqual(shape);
    for (let index = 0; index < data.length; index++) {
      const value = data[index]!;
      data[index] = value + step;
      const above = loss();
      data[index] = value - step;
      const below = loss();
      data[index] = value;
      const slope = (above - below) / (2 * step);
      expect(Math.abs(gradients[name]!.data[index]! - slope), `${name}[${index}]`).toBeLessThan(1e-8);
    }
  }
}

describe('gradients agree with central differences', () => {
  test.each(Object.entries(combinations))('%s', (_, options) => expectGradientsMatch(buildProblem(options)));
  test('layout blhd', () =>
    expectGradientsMatch(
      buildProblem({
        layout: 'blhd',
        bias: bias(B, 1, 1, Lk),
        rope: { ...rope, style: 'half' },
        causal: 'bottomRight',
      }),
    ));
  test('packed sequences', () => expectGradientsMatch(packedProblem()));
});

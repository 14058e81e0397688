import type { Address } from './address.js';
import type { Arithmetic, Buffer } from './arithmetic.js';
import type { Geometry, Sequence } from './geometry.js';
import { rotation } from './rope.js';
import { requireShape, stridesOf } from './tensor.js';
import type { Problem, Tensor } from './types.js';

/** Gathers the tokens of one head into rows that lie side by side; the buffer is reused by the next call. */
export type RowLoader = (sequence: Sequence, head: number) => Buffer;

/** Readers of q, k and v that undo layout, packing, paging and quantisation, and apply RoPE. */
export interface RowLoaders {
  readonly queries: RowLoader;
  readonly keys: RowLoader;
  readonly values: RowLoader;
}

export function rowLoaders(problem: Problem, geometry: Geometry, arithmetic: Arithmetic): RowLoaders {
  const { q, options = {} } = problem;
  const { queryLength, keyLength, width, valueWidth } = geometry;
  const rotate = options.rope && rotation(options.rope, width, 1, arithmetic);
  const positionOf = positions(problem, geometry);
  const keyRows = (argument: 'k' | 'v', columns: number, scale: Tensor | undefined): RowLoader => {
    const { data } = problem[argument];
    const address = geometry.keyAddress(stridesOf(problem[argument]));
    const scaleOf = scale && tokenScale(`${argument}Scale`, scale, geometry);
    const buffer = arithmetic.buffer(keyLength * columns);
    return (sequence, head) => {
      for (let j = 0; j < sequence.keys; j++) {
        const start = address(sequence.index, head, j);
        const factor = scaleOf ? scaleOf(sequence.index, head, j) : 1;
        for (let c = 0; c < columns; c++) buffer[j * columns + c] = factor * data[start + c]!;
        if (rotate && argument === 'k') rotate(buffer, j * columns, positionOf.k(sequence, j));
      }
      return buffer;
    };
  };
  const queryAddress = geometry.queryAddress(stridesOf(q));
  const queryBuffer = arithmetic.buffer(queryLength * width);
  return {
    queries(sequence, head) {
      for (let i = 0; i < sequence.queries; i++) {
        const start = queryAddress(sequence.index, head, i);
        for (let c = 0; c < width; c++) queryBuffer[i * width + c] = q.data[start + c]!;
        rotate?.(queryBuffer, i * width, positionOf.q(sequence, i));
      }
      return queryBuffer;
    },
    keys: keyRows('k', width, options.kScale),
    values: keyRows('v', valueWidth, options.vScale),
  };
}

/** RoPE positions of a sequence's tokens. */
export interface Positions {
  q(sequence: Sequence, token: number): number;
  k(sequence: Sequence, token: number): number;
}

export function positions({ options = {} }: Problem, geometry: Geometry): Positions {
  const { positionsQ, positionsK } = options.rope ?? {};
  const { positionsShape, positionsAddress } = geometry;
  if (positionsQ) requireShape('rope.positionsQ', positionsQ, positionsShape.q);
  if (positionsK) requireShape('rope.positionsK', positionsK, positionsShape.k);
  return {
    q: ({ index, keys, queries }, token) =>
      positionsQ ? positionsQ.data[positionsAddress.q(index, 0, token)]! : token + keys - queries,
    k: ({ index }, token) => (positionsK ? positionsK.data[positionsAddress.k(index, 0, token)]! : token),
  };
}

function tokenScale(argument: string, scale: Tensor, geometry: Geometry): Address {
  if (!geometry.scales) throw new RangeError(`${argument}: expected none with cuSeqlens`);
  requireShape(argument, scale, geometry.scales.shape);
  const address = geometry.scales.address(stridesOf(scale));
  return (sequence, head, token) => scale.data[address(sequence, head, token)]!;
}

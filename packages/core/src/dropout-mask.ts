import { inOperation, invalidArgument } from './errors.js';
import { isDropoutRate, isSeed } from './options.js';
import { philox4x32 } from './philox.js';
import { readObject } from './read-object.js';
import { isSizeList, zeros } from './tensor.js';
import type { Tensor } from './types.js';

export interface DropoutMaskOptions {
  /** In [0, 1). */
  rate: number;
  /** 64 unsigned bits. */
  seed: bigint;
  /** [B, Hq, Lq, Lk] */
  shape: readonly [number, number, number, number];
}

/**
 * The probabilities that dropout keeps, for tests and for other implementations that shall drop the same ones.
 *
 * @returns bool [B, Hq, Lq, Lk]
 * @throws FaMetalError `INVALID_ARGUMENT`, `OUT_OF_MEMORY`
 */
export function dropoutMask(options: DropoutMaskOptions): Tensor {
  return inOperation('dropoutMask', () => {
    const { rate, seed, shape } = readOptions(options);
    const [batch, heads, queries, keys] = shape;
    const mask = zeros('shape', [batch, heads, queries, keys], 'bool');
    const keep = mask.data as Uint8Array;
    const key = [Number(seed & 0xffffffffn), Number(seed >> 32n)] as const;
    const threshold = Math.floor(rate * 2 ** 32);
    let index = 0;
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < queries; i++) {
          for (let j = 0; j < keys; j += 4) {
            const words = philox4x32([j / 4, i, h, b], key);
            for (const word of words.slice(0, keys - j)) keep[index++] = word >= threshold ? 1 : 0;
          }
        }
      }
    }
    return mask;
  });
}

function readOptions(options: DropoutMaskOptions): DropoutMaskOptions {
  const { rate, seed, shape } = readObject('options', options, ['rate', 'seed', 'shape']);
  if (!isDropoutRate(rate)) throw invalidArgument('rate', 'a number in [0, 1)', rate);
  if (!isSeed(seed)) throw invalidArgument('seed', 'a bigint from 0 to 2^64 - 1', seed);
  // Each index is one 32-bit word of Philox's counter.
  if (!isSizeList(shape) || shape.length !== 4 || shape.some((size) => size >= 2 ** 32)) {
    throw invalidArgument('shape', '[B, Hq, Lq, Lk] of whole numbers', shape);
  }
  return { rate, seed, shape };
}

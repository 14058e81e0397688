import { type Refusal, refusal } from '@fa-metal/core';
import type { TensorInfo } from '../../tensorflow.js';

/** A shape that is expected; an axis without a size takes any, one that broadcasts also takes 1. */
export type Axes = readonly { letter: string; size?: number; broadcasts?: boolean }[];

export function expectDType(argument: string, { dtype }: TensorInfo, expected: string): void {
  if (dtype !== expected)
    throw refusal({ code: 'DTYPE_MISMATCH', argument, expected: `dtype ${expected}`, got: dtype });
}

export function expectShape(argument: string, { shape }: TensorInfo, axes: Axes): readonly number[] {
  const fits = axes.every(
    ({ size, broadcasts }, i) => size === undefined || shape[i] === size || (broadcasts && shape[i] === 1),
  );
  if (shape.length === axes.length && fits) return shape;
  const expected = axes.map(({ letter, size, broadcasts }) => `${broadcasts ? '1|' : ''}${size ?? letter}`);
  const mismatch: Refusal = {
    code: 'SHAPE_MISMATCH',
    argument,
    expected: `shape [${expected.join(', ')}]`,
    got: `[${shape.join(', ')}]`,
  };
  throw refusal(mismatch);
}

export function expectAtLeastOne(argument: string, what: string, size: number): void {
  if (size < 1)
    throw refusal({ code: 'SHAPE_MISMATCH', argument, expected: `at least one ${what}`, got: String(size) });
}

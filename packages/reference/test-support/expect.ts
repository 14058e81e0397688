import { expect } from 'vitest';
import type { AttentionResult, Tensor } from '../src/index.js';
import { relativeError } from './compare.js';

export function expectClose(actual: Tensor, expected: Tensor, bound = 1e-12): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(relativeError(actual.data, expected.data)).toBeLessThan(bound);
}

export function expectSameResult(actual: AttentionResult, expected: AttentionResult, bound = 1e-12): void {
  expectClose(actual.out, expected.out, bound);
  expectClose(actual.lse, expected.lse, bound);
}

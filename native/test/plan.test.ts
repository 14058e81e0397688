import { describe, expect, test } from 'vitest';
import { maxCpuDecodeLength } from '../../packages/core/src/generated/limits.js';
import { addon, failureOf, forwardCall } from './addon.js';

const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 2, isa: '' });

function shapeOnly({ shape, dtype }: { shape: readonly number[]; dtype: 'float32' | string }) {
  return { shape, dtype: dtype as 'float32' };
}

const call = forwardCall();
const problem = { q: shapeOnly(call.q), k: shapeOnly(call.k), v: shapeOnly(call.v), options: {} };

describe('plan', () => {
  test.each(['forward', 'backward'] as const)('%s names its kernel, tiles, tasks, scratch and reason', (direction) => {
    const plan = device.plan({ ...problem, direction });
    expect(plan).toMatchObject({
      backend: 'cpu',
      kernel: { forward: 'cpu-decode', backward: 'cpu-flash-backward' }[direction],
    });
    expect(Object.keys(plan.tiles).sort()).toEqual(['keyBlock', 'lanes', 'queryBlock']);
    expect(plan.tasks).toBeGreaterThan(0);
    expect(plan.scratchBytes).toBeGreaterThan(0);
    expect(plan.why).toContain(device.info().isa);
    expect(device.plan({ ...problem, direction })).toEqual(plan);
  });

  test('a kernel forced by name is the one that runs, and is said to be forced', () => {
    const plan = device.plan({ ...problem, options: { kernel: 'cpu-flash-forward' } });
    expect(plan.kernel).toBe('cpu-flash-forward');
    expect(plan.why).toContain('forced');
  });

  test('few query rows of a head have a kernel of their own, however many heads there are', () => {
    const kernelOf = (queries: number, heads = 8) => {
      const q = { shape: [1, heads, queries, 64], dtype: 'float32' as const };
      const k = { shape: [1, 2, 4096, 64], dtype: 'float32' as const };
      return device.plan({ q, k, v: k }).kernel;
    };
    expect([1, maxCpuDecodeLength].map((queries) => kernelOf(queries))).toEqual(['cpu-decode', 'cpu-decode']);
    expect(kernelOf(1, 128)).toBe('cpu-decode');
    expect(kernelOf(maxCpuDecodeLength + 1)).toBe('cpu-flash-forward');
  });

  test('packed sequences are judged by their mean length', () => {
    const kernelOf = (tokens: number) => {
      const q = { shape: [tokens, 4, 64], dtype: 'float32' as const };
      const starts = { shape: [5], dtype: 'int32' } as never;
      return device.plan({ q, k: q, v: q, options: { cuSeqlensQ: starts, cuSeqlensK: starts } }).kernel;
    };
    expect(kernelOf(4 * maxCpuDecodeLength)).toBe('cpu-decode');
    expect(kernelOf(4 * maxCpuDecodeLength + 1)).toBe('cpu-flash-forward');
  });

  test('keys are split where there are few heads, and merging takes scratch', () => {
    const planOf = (heads: number) => {
      const q = { shape: [1, heads, 1, 64], dtype: 'float32' as const };
      const k = { shape: [1, heads, 8192, 64], dtype: 'float32' as const };
      return device.plan({ q, k, v: k });
    };
    expect(planOf(1).tasks).toBe(16);
    expect(planOf(64).tasks).toBe(64);
    expect(planOf(128).tasks).toBe(128);
  });

  test('scratch does not grow with the square of the length', () => {
    const sized = (length: number) => {
      const q = { shape: [1, 8, length, 64], dtype: 'float32' as const };
      return device.plan({ q, k: q, v: q, direction: 'backward' }).scratchBytes;
    };
    expect(sized(65536)).toBeLessThanOrEqual(sized(16384) * 4.01);
    expect(sized(65536)).toBeLessThan(65536 * 65536);
  });

  test('optional tensors need no data', () => {
    const mask = { shape: [1, 1, 3, 5], dtype: 'bool' } as never;
    expect(device.plan({ ...problem, options: { mask } }).kernel).toBe('cpu-decode');
  });

  test('refusals name the limit and the value', () => {
    const wide = { shape: [1, 1, 1, 577], dtype: 'float32' as const };
    const refusal = failureOf(() => device.plan({ q: wide, k: wide, v: wide }));
    expect(refusal).toMatchObject({ code: 'UNSUPPORTED', argument: 'q' });
    expect(refusal.message).toMatch(/576.*577/);
    const { k } = problem;
    const kScale = { shape: k.shape.slice(0, 3), dtype: 'float32' as const };
    const int8 = { ...problem, k: { ...k, dtype: 'int8' as const }, options: { kScale } };
    const option = failureOf(() => device.plan({ ...int8, direction: 'backward' }));
    expect(option).toMatchObject({ code: 'UNSUPPORTED', argument: 'kScale' });
    expect(option.message).toMatch(/^\[attentionBackward\] kScale: expected .*cpu backend.*, got kScale/);
  });

  test('a direction that does not exist is refused', () => {
    const refusal = failureOf(() => device.plan({ ...problem, direction: 'sideways' as never }));
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'direction' });
  });
});

test('info says what runs', () => {
  const { backend, isa, threads, software, version } = device.info();
  expect({ backend, isa, threads, software }).toEqual({
    backend: 'cpu',
    isa: addon.instructionSets()[0],
    threads: 2,
    software: false,
  });
  expect(version).toBe(addon.version);
});

test('every instruction set that is listed can be opened', () => {
  expect(addon.instructionSets()).toContain('scalar');
  for (const isa of addon.instructionSets()) {
    const opened = addon.openDevice({ backend: 'cpu', device: 'system', threads: 1, isa });
    expect(opened.info().isa).toBe(isa);
    opened.close();
  }
});

import { describe, expect, it, vi } from 'vitest';
import { describeValue } from '../src/describe-value.js';
import { callNative, FaMetalError, fromNative, inOperation, invalidArgument, refusal } from '../src/errors.js';
import { errorCodes, errorMeanings } from '../src/generated/errors.js';

describe('FaMetalError', () => {
  it('carries code, argument and cause', () => {
    const cause = new Error('below');
    const error = new FaMetalError('UNSUPPORTED', 'no', { argument: 'sinks', cause });
    expect(error).toMatchObject({ name: 'FaMetalError', code: 'UNSUPPORTED', argument: 'sinks', message: 'no', cause });
  });

  it('has no argument and no cause where none is given', () => {
    const error = new FaMetalError('INTERNAL', 'no');
    expect('argument' in error).toBe(false);
    expect('cause' in error).toBe(false);
  });

  it('is recognised across two copies of the package', async () => {
    vi.resetModules();
    const other = await import('../src/errors.js');
    const foreign = new other.FaMetalError('INTERNAL', 'of another copy');
    expect(foreign).not.toBeInstanceOf(FaMetalError);
    expect(FaMetalError.isInstance(foreign)).toBe(true);
  });

  it.each([undefined, null, 'text', new Error('plain'), { code: 'INTERNAL' }])('is not %o', (value) => {
    expect(FaMetalError.isInstance(value)).toBe(false);
  });

  it('has a meaning for every code', () => {
    expect(Object.keys(errorMeanings)).toEqual(Object.keys(errorCodes));
  });
});

describe('messages', () => {
  it('name the operation, the argument, what was expected and what came', () => {
    const error = inOperation('attention', () => invalidArgument('scale', 'a finite number', 'big'));
    expect(error.message).toBe("[attention] scale: expected a finite number, got 'big'");
    expect(error.argument).toBe('scale');
  });

  it('forget the operation when it is over, even by an error', () => {
    expect(() =>
      inOperation('attention', () => {
        throw new Error('out');
      }),
    ).toThrow('out');
    expect(refusal({ code: 'INTERNAL', argument: 'x', expected: 'a', got: 'b' }).message).toBe('x: expected a, got b');
  });

  it.each([
    ['text', "'text'"],
    [3n, '3n'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    [new Float32Array(7), 'Float32Array(7)'],
    [new DataView(new ArrayBuffer(3)), 'DataView(3)'],
    [new ArrayBuffer(3), 'an ArrayBuffer'],
    [[1, 'a'], "[1, 'a']"],
    [{ left: 1 }, '{ left: 1 }'],
    [{}, '{}'],
    [() => 1, 'a function'],
  ])('describe %o', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  it('stay short', () => {
    expect(describeValue('x'.repeat(1e6)).length).toBeLessThan(100);
    const endless: Record<string, unknown> = {};
    endless['again'] = [endless];
    expect(describeValue(endless)).toBe('{ again: [{ again: ... }] }');
  });
});

describe('native errors', () => {
  it('keep their code, argument and message', () => {
    const thrown = Object.assign(new Error('[attention] k: expected A, got B'), {
      code: 'SHAPE_MISMATCH',
      argument: 'k',
    });
    expect(fromNative(thrown)).toMatchObject({
      code: 'SHAPE_MISMATCH',
      argument: 'k',
      message: thrown.message,
      cause: thrown,
    });
  });

  it('lose an argument that is empty', () => {
    expect('argument' in fromNative(Object.assign(new Error('x'), { code: 'TIMEOUT', argument: '' }))).toBe(false);
  });

  it.each([
    new TypeError('A number was expected'),
    Object.assign(new Error('x'), { code: 'ERR_OTHER' }),
    'text',
    undefined,
  ])('that have none of our codes are INTERNAL: %o', (thrown) => {
    expect(fromNative(thrown).code).toBe('INTERNAL');
  });

  it('that are ours already pass through', () => {
    const ours = new FaMetalError('TIMEOUT', 'x');
    expect(() =>
      callNative(() => {
        throw ours;
      }),
    ).toThrow(ours);
  });
});

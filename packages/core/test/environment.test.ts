import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.js';
import { FaMetalError } from '../src/errors.js';

describe('readEnvironment', () => {
  it('asks for nothing when nothing is set, or set to nothing', () => {
    expect(readEnvironment({})).toEqual({});
    expect(readEnvironment({ FA_METAL_BACKEND: '', FA_METAL_THREADS: '', FA_METAL_LIBRARY: '' })).toEqual({});
  });

  it('reads every variable', () => {
    const variables = {
      FA_METAL_BACKEND: 'cpu',
      FA_METAL_DEVICE: 'software',
      FA_METAL_THREADS: '3',
      FA_METAL_LIBRARY: '/x/addon.node',
    };
    expect(readEnvironment(variables)).toEqual({
      backend: 'cpu',
      device: 'software',
      threads: 3,
      library: '/x/addon.node',
    });
  });

  it.each(['0', '256'])('takes %s threads', (text) => {
    expect(readEnvironment({ FA_METAL_THREADS: text })).toEqual({ threads: Number(text) });
  });

  it.each([
    ['FA_METAL_BACKEND', 'CPU'],
    ['FA_METAL_BACKEND', 'cuda'],
    ['FA_METAL_DEVICE', 'hardware'],
    ['FA_METAL_THREADS', '-1'],
    ['FA_METAL_THREADS', '1.5'],
    ['FA_METAL_THREADS', '257'],
    ['FA_METAL_THREADS', '1e2'],
    ['FA_METAL_THREADS', 'two'],
  ])('refuses %s=%s', (name, value) => {
    const read = () => readEnvironment({ [name]: value });
    expect(read).toThrow(FaMetalError);
    expect(read).toThrow(expect.objectContaining({ code: 'INVALID_ENVIRONMENT', argument: name }));
    expect(read).toThrow(`got '${value}'`);
  });
});

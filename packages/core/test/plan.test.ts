import { describe, expect, it } from 'vitest';
import { openDeviceSync, type ProblemDescription } from '../src/index.js';

const device = openDeviceSync({ backend: 'cpu' });

describe('supports and plan', () => {
  const shapes: ProblemDescription = {
    q: { shape: [1, 8, 128, 64], dtype: 'float32' },
    k: { shape: [1, 8, 128, 64], dtype: 'float32' },
    v: { shape: [1, 8, 128, 64], dtype: 'float32' },
  };

  it('plan without data, and give the same plan every time', () => {
    const plan = device.plan(shapes);
    expect(plan).toMatchObject({ backend: 'cpu', kernel: 'cpu-flash-forward' });
    expect(plan.tasks).toBeGreaterThan(0);
    expect(plan.why).not.toBe('');
    expect(device.plan(shapes)).toEqual(plan);
    expect(device.plan({ ...shapes, direction: 'backward' }).kernel).toBe('cpu-flash-backward');
  });

  it('take options whose tensors lack their data', () => {
    const mask = { shape: [1, 1, 128, 128], dtype: 'bool' } as const;
    expect(device.supports({ ...shapes, options: { mask, causal: 'topLeft' } })).toEqual({ ok: true });
  });

  it('force a kernel by name, if it fits', () => {
    expect(device.plan({ ...shapes, options: { kernel: 'cpu-flash-forward' } }).kernel).toBe('cpu-flash-forward');
    expect(device.supports({ ...shapes, options: { kernel: 'cpu-flash-backward' } })).toMatchObject({
      ok: false,
      argument: 'kernel',
    });
  });

  it.each<[string, string, Partial<ProblemDescription>]>([
    [
      'UNSUPPORTED',
      'kScale',
      {
        direction: 'backward',
        k: { shape: [1, 8, 128, 64], dtype: 'int8' },
        options: { kScale: { shape: [1, 8, 128], dtype: 'float32' } },
      },
    ],
    [
      'UNSUPPORTED',
      'q',
      { q: { shape: [1, 8, 128, 577], dtype: 'float32' }, k: { shape: [1, 8, 128, 577], dtype: 'float32' } },
    ],
    ['SHAPE_MISMATCH', 'k', { k: { shape: [1, 8, 128, 32], dtype: 'float32' } }],
    ['INVALID_ARGUMENT', 'direction', { direction: 'sideways' as never }],
    ['INVALID_ARGUMENT', 'needs', { needs: null as never }],
    ['INVALID_ARGUMENT', 'causal', { causal: 'topLeft' } as never],
  ])('answer %s %s, and would refuse the call with the same words', (code, argument, change) => {
    const problem = { ...shapes, ...change };
    const answer = device.supports(problem);
    expect(answer).toMatchObject({ ok: false, code, argument });
    expect(() => device.plan(problem)).toThrow((answer as { reason: string }).reason);
  });

  it('answer yes for the gradient of a bias, and for one that is a constant', () => {
    const options = { bias: { shape: [1, 1, 1, 128], dtype: 'float32' } } as const;
    const problem = { ...shapes, options, direction: 'backward' } as const;
    expect(device.supports(problem)).toEqual({ ok: true });
    expect(device.supports({ ...problem, needs: { bias: false } })).toEqual({ ok: true });
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { flatten, metalTable } from '../../kernels/msl.mjs';
import { kernels } from '../../packages/core/src/generated/kernels.js';
import type { NativeBackwardCall, NativeForwardCall } from '../../packages/core/src/native.js';
import { addon, addonPath, failureOf, random, zeros } from './addon.js';
import { missing } from './software-device.js';

test.each(Object.keys(metalTable.kernels))('the binary holds the MSL of %s as the sources have it', (kernel) => {
  expect(readFileSync(addonPath).includes(flatten(kernel))).toBe(true);
});

describe.skipIf(missing)(`the Metal backend on the software device${missing}`, { timeout: 120_000 }, () => {
  const device = addon.openDevice({ backend: 'metal', device: 'software', threads: 0, isa: '' });
  const { family } = device.info();

  function problem(queries: number, keys = 64, width = 64, batch = 1) {
    const shape = (heads: number, length: number) => ({
      shape: [batch, heads, length, width],
      dtype: 'float16' as const,
    });
    return { q: shape(4, queries), k: shape(2, keys), v: shape(2, keys) };
  }

  test.each([
    ['forward', 'metal-forward', 40, ['forward_f16_64']],
    ['forward', 'metal-decode', 4, ['decode_f16_64']],
    ['forward', 'metal-decode@3', 4, ['decode_f16_64', 'decode_reduce_f16_64']],
    ['backward', 'metal-backward', 40, ['delta_f16_64', 'dq_f16_64', 'dkv_f16_64']],
    ['backward', 'metal-backward-stored', 40, ['delta_f16_64', 'dkv_f16_64', 'dq_stored_f16_64']],
    ['backward', 'metal-backward-short', 4, ['delta_f16_64', 'short_dkv_f16_64', 'short_dq_f16_64']],
  ] as const)('a %s plan of %s says what runs, and why', (direction, kernel, queries, variants) => {
    const plan = device.plan({ ...problem(queries), options: { kernel }, direction });
    expect(plan).toMatchObject({ backend: 'metal', kernel });
    expect(plan.why).toContain('forced by name');
    expect(plan.why).toContain(`width 64, float16, ${family}`);
    const named = Object.keys(plan.tiles).filter((name) => name.endsWith('.rows'));
    expect(named).toEqual(variants.map((variant) => `${variant}.rows`));
    expect(plan.tasks).toBeGreaterThan(0);
    expect(plan.scratchBytes > 0).toBe(direction === 'backward' || kernel === 'metal-decode@3');
    expect(device.plan({ ...problem(queries), options: { kernel }, direction })).toEqual(plan);
  });

  test('a name that no kernel has is refused with those that there are', () => {
    const refusal = failureOf(() => device.plan({ ...problem(4), options: { kernel: 'metal-froward' } }));
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'kernel' });
    for (const name of Object.keys(kernels)) expect(refusal.message).toContain(name);
    expect(refusal.message).toContain("got 'metal-froward'");
  });

  test("another backend's kernel, or one that does not fit, is refused", () => {
    const other = failureOf(() => device.plan({ ...problem(4), options: { kernel: 'cpu-flash-forward' } }));
    expect(other).toMatchObject({ code: 'UNSUPPORTED', argument: 'kernel' });
    expect(other.message).toMatch(/metal-forward, metal-decode\), got 'cpu-flash-forward'/);
    const long = failureOf(() => device.plan({ ...problem(9), options: { kernel: 'metal-decode@2' } }));
    expect(long).toMatchObject({ code: 'UNSUPPORTED', argument: 'q' });
    expect(long.message).toMatch(/expected Lq of at most 8 in metal-decode, got 9/);
    const count = failureOf(() => device.plan({ ...problem(4), options: { kernel: 'metal-decode@0' } }));
    expect(count).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'kernel' });
  });

  test('rows that lie too far apart are refused before anything is written', () => {
    const far = 2 ** 24;
    const q = {
      data: new Uint16Array(far + 8),
      shape: [1, 1, 2, 8],
      strides: [0, 0, far, 1],
      dtype: 'float16' as const,
    };
    const small = zeros([1, 1, 2, 8], 'float16');
    const out = zeros([1, 1, 2, 8], 'float16');
    (out.data as Uint16Array).fill(7);
    const refusal = failureOf(() => device.forward({ q, k: small, v: small, out, options: {} }));
    expect(refusal).toMatchObject({ code: 'UNSUPPORTED', argument: 'q' });
    expect(refusal.message).toMatch(/16777215 elements apart.*got 16777216/);
    expect(new Set(out.data as Uint16Array)).toEqual(new Set([7]));
  });

  const empty = [
    { axis: 'B', batch: 0, queries: 4, keys: 5 },
    { axis: 'Lq', batch: 1, queries: 0, keys: 5 },
    { axis: 'Lk', batch: 2, queries: 4, keys: 0 },
  ];
  const pairs = [
    ['metal-forward', 'metal-backward'],
    ['metal-decode', 'metal-backward-stored'],
    ['metal-decode@3', 'metal-backward-short'],
  ] as const;
  describe.each(empty)('$axis = 0', ({ batch, queries, keys }) => {
    test.each(pairs)('%s and %s give zeros, lse minus infinity', (forward, backward) => {
      const full = (shape: number[]) => {
        const tensor = zeros(shape);
        (tensor.data as Float32Array).fill(9);
        return tensor;
      };
      const [q, k] = [random([batch, 2, queries, 8], 1), random([batch, 1, keys, 8], 2)];
      const results = { out: full(q.shape as number[]), lse: full([batch, 2, queries]) };
      const gradients = { dq: full(q.shape as number[]), dk: full(k.shape as number[]), dv: full(k.shape as number[]) };
      const inputs = { q, k, v: k };
      device.forward({ ...inputs, ...results, options: { kernel: forward } } as NativeForwardCall);
      const dOut = random(q.shape, 3);
      device.backward({
        ...inputs,
        ...results,
        dOut,
        ...gradients,
        options: { kernel: backward },
      } as NativeBackwardCall);
      for (const { data } of [results.out, ...Object.values(gradients)]) {
        expect((data as Float32Array).every((value) => value === 0)).toBe(true);
      }
      expect((results.lse.data as Float32Array).every((value) => value === Number.NEGATIVE_INFINITY)).toBe(true);
    });
  });
});

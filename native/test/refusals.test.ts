import { describe, expect, test } from 'vitest';
import type { NativeBackwardCall, NativeForwardCall } from '../../packages/core/src/native.js';
import type { Tensor } from '../../packages/core/src/types.js';
import { addon, backwardCall, bytesOf, failureOf, forwardCall } from './addon.js';
import { backwardRefusals } from './refusals-of-backward.js';
import { memoryRefusals } from './refusals-of-memory.js';
import { dtypeRefusals, shapeRefusals } from './refusals-of-shapes.js';
import { unsupportedRefusals, valueRefusals } from './refusals-of-values.js';

const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 2, isa: '' });

const outputs = ['out', 'lse', 'softmaxStats', 'dq', 'dk', 'dv', 'dBias'] as const;

/** Fills what a call writes with a pattern, and returns a check that it is still there. */
function guardOutputs(call: Partial<Record<(typeof outputs)[number], Tensor>>, written: readonly string[]): () => void {
  const guarded = outputs.filter((name) => written.includes(name) && call[name] !== undefined);
  const views = guarded.map((name) => call[name]?.data as ArrayBufferView);
  for (const view of views) new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(0xa5);
  const before = guarded.map((name) => bytesOf(call[name] as Tensor));
  return () => {
    for (const [index, name] of guarded.entries()) {
      expect(bytesOf(call[name] as Tensor).equals(before[index] as Buffer), `${name} was written`).toBe(true);
    }
  };
}

function expectRefusal(run: () => void, op: string, code: string, argument: string): void {
  const failure = failureOf(run);
  expect.soft(failure.code, failure.message).toBe(code);
  expect.soft(failure.argument, failure.message).toBe(argument);
  expect.soft(failure.message).toMatch(new RegExp(`^\\[${op}\\] ${argument}: expected .+, got .+`));
}

const forwardRefusals = [
  ...shapeRefusals,
  ...dtypeRefusals,
  ...valueRefusals,
  ...memoryRefusals,
  ...unsupportedRefusals,
];

describe('forward', () => {
  test.each(forwardRefusals)('$code $argument: $name', ({ change, code, argument }) => {
    const call: NativeForwardCall = forwardCall();
    change(call);
    const unwritten = guardOutputs(call, ['out', 'lse', 'softmaxStats']);
    expectRefusal(() => device.forward(call), 'attention', code, argument);
    unwritten();
  });
});

describe('backward', () => {
  test.each(backwardRefusals)('$code $argument: $name', ({ change, code, argument }) => {
    const forward = forwardCall();
    device.forward(forward);
    const call: NativeBackwardCall = backwardCall(forward);
    change(call);
    const unwritten = guardOutputs(call, ['dq', 'dk', 'dv', 'dBias']);
    expectRefusal(() => device.backward(call), 'attentionBackward', code, argument);
    unwritten();
  });
});

test('asynchronous calls are refused by a rejection with the same code', async () => {
  const call = forwardCall();
  call.options.kernel = 'cpu-flash-backward';
  await expect(device.forwardAsync(call)).rejects.toMatchObject({ code: 'UNSUPPORTED', argument: 'kernel' });
  const malformed = forwardCall();
  malformed.options.scale = 'big' as unknown as number;
  await expect(device.forwardAsync(malformed)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'scale' });
});

test('a good call still runs after all of that', () => {
  const call = forwardCall();
  device.forward(call);
  expect((call.out.data as Float32Array).every(Number.isFinite)).toBe(true);
});

describe('opening', () => {
  process.env['FA_METAL_SOFTWARE_LIBRARY'] = '/nowhere/libdevice.so';

  test.each([
    { config: { backend: 'metal' }, code: 'BACKEND_UNAVAILABLE', argument: 'backend' },
    { config: { backend: 'metal', device: 'software' }, code: 'BACKEND_UNAVAILABLE', argument: 'device' },
    { config: { device: 'software' }, code: 'BACKEND_UNAVAILABLE', argument: 'device' },
    { config: { backend: 'cpu', device: 'software' }, code: 'BACKEND_UNAVAILABLE', argument: 'device' },
    { config: { backend: 'gpu' }, code: 'INVALID_ARGUMENT', argument: 'backend' },
    { config: { backend: null }, code: 'INVALID_ARGUMENT', argument: 'backend' },
    { config: { device: 'hard' }, code: 'INVALID_ARGUMENT', argument: 'device' },
    { config: { threads: -1 }, code: 'INVALID_ARGUMENT', argument: 'threads' },
    { config: { threads: 257 }, code: 'INVALID_ARGUMENT', argument: 'threads' },
    { config: { threads: 1.5 }, code: 'INVALID_ARGUMENT', argument: 'threads' },
    { config: { threads: 1e300 }, code: 'INVALID_ARGUMENT', argument: 'threads' },
    { config: { isa: 'mmx' }, code: 'INVALID_ARGUMENT', argument: 'isa' },
    { config: { isa: process.arch === 'arm64' ? 'avx2' : 'neon' }, code: 'BACKEND_UNAVAILABLE', argument: 'isa' },
    { config: 'cpu', code: 'INVALID_ARGUMENT', argument: 'config' },
  ])('$config', ({ config, code, argument }) => {
    expectRefusal(() => addon.openDevice(config as never), 'openDevice', code, argument);
  });
});

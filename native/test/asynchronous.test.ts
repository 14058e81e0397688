import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { addon, backwardCall, bytesOf, forwardCall } from './addon.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const sizes = { batch: 1, queryHeads: 2, kvHeads: 2, queries: 96, keys: 96, width: 32, valueWidth: 32 };

function open(threads = 2) {
  return addon.openDevice({ backend: 'cpu', device: 'system', threads, isa: '' });
}

function expectedOut(): Buffer {
  const call = forwardCall(sizes);
  open().forward(call);
  return bytesOf(call.out);
}

test('many calls in flight, with garbage collection, give what one call gives', async () => {
  const expected = expectedOut();
  const device = open();
  const outs: Buffer[] = [];
  const running = Array.from({ length: 60 }, async () => {
    const call = forwardCall(sizes);
    const { out } = call;
    await device.forwardAsync(call);
    outs.push(bytesOf(out));
  });
  collectGarbage();
  // Fills the heap with other memory where freed buffers would have been.
  const noise = Array.from({ length: 200 }, (_, n) => new Float32Array(6144).fill(n));
  collectGarbage();
  await Promise.all(running);
  expect(noise).toHaveLength(200);
  expect(outs).toHaveLength(60);
  expect(outs.every((out) => out.equals(expected))).toBe(true);
});

test('a call keeps its device and its buffers alive although nothing else does', async () => {
  const finalized: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => finalized.push(name));
  const start = () => {
    const device = open();
    const call = forwardCall({ ...sizes, queries: 1024, keys: 1024, queryHeads: 8, kvHeads: 8 });
    registry.register(device, 'device');
    registry.register(call.q.data, 'q');
    return device.forwardAsync(call).then(() => finalized.slice());
  };
  const running = start();
  collectGarbage();
  expect(await running).toEqual([]);
});

test('the backward runs asynchronously too, to the same bits', async () => {
  const device = open();
  const forward = forwardCall(sizes);
  device.forward(forward);
  const direct = backwardCall(forward);
  device.backward(direct);
  const later = backwardCall(forward);
  await device.backwardAsync(later);
  for (const name of ['dq', 'dk', 'dv'] as const)
    expect(bytesOf(later[name]).equals(bytesOf(direct[name])), name).toBe(true);
});

test('synchronous calls run while asynchronous ones are in flight', async () => {
  const expected = expectedOut();
  const device = open();
  const calls = Array.from({ length: 8 }, () => forwardCall(sizes));
  const running = calls.map((call) => device.forwardAsync(call));
  for (let round = 0; round < 20; round++) {
    const call = forwardCall(sizes);
    device.forward(call);
    expect(bytesOf(call.out).equals(expected)).toBe(true);
  }
  await Promise.all(running);
  expect(calls.every((call) => bytesOf(call.out).equals(expected))).toBe(true);
});

test('closing lets accepted calls finish and refuses later ones', async () => {
  const expected = expectedOut();
  const device = open();
  const calls = Array.from({ length: 12 }, () => forwardCall(sizes));
  const running = calls.map((call) => device.forwardAsync(call));
  device.close();
  device.close();
  const closed = { code: 'DEVICE_CLOSED', argument: 'device' };
  await expect(device.forwardAsync(forwardCall(sizes))).rejects.toMatchObject(closed);
  expect(() => device.forward(forwardCall(sizes))).toThrow(expect.objectContaining(closed));
  expect(() => device.plan({ q: calls[0]!.q, k: calls[0]!.k, v: calls[0]!.v })).toThrow(
    expect.objectContaining(closed),
  );
  await Promise.all(running);
  expect(calls.every((call) => bytesOf(call.out).equals(expected))).toBe(true);
  expect(device.info().backend).toBe('cpu');
});

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { addon, addonPath, forwardCall } from './addon.js';

const runFile = promisify(execFile);

/** Source of a program or worker: `addon`, and `call()` that makes a forward call of some milliseconds. */
const prelude = `
  const addon = require(${JSON.stringify(addonPath)});
  const tensor = (shape) => ({ shape, dtype: 'float32', data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5) });
  const call = () => {
    const rows = [1, 8, 512, 64];
    return { q: tensor(rows), k: tensor(rows), v: tensor(rows), out: tensor(rows), lse: tensor([1, 8, 512]), options: {} };
  };
  const open = () => addon.openDevice({ backend: 'cpu', device: 'system', threads: 3, isa: '' });
`;

function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

describe.runIf(process.platform === 'linux')('threads', () => {
  test('200 devices that are opened, used and closed leave none behind', () => {
    const before = threadCount();
    for (let round = 0; round < 200; round++) {
      const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 4, isa: '' });
      device.forward(forwardCall());
      device.close();
    }
    expect(threadCount()).toBe(before);
  });

  test('start with the first call that can use them', () => {
    const before = threadCount();
    const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 4, isa: '' });
    expect(threadCount()).toBe(before);
    device.forward(forwardCall());
    expect(threadCount()).toBeGreaterThan(before);
    device.close();
    expect(threadCount()).toBe(before);
  });
});

function runWorker(source: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(`${prelude}\nconst { parentPort } = require('node:worker_threads');\n${source}`, {
      eval: true,
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('worker threads', () => {
  const job = `const c = call(); open().forwardAsync(c).then(() => parentPort.postMessage(c.out.data[0]));`;

  test('each loads the binary and computes', async () => {
    expect(await Promise.all([runWorker(job), runWorker(job), runWorker(job)])).toEqual([0.5, 0.5, 0.5]);
  });

  test('one that ends with calls in flight takes nothing down', async () => {
    for (let round = 0; round < 5; round++) {
      const source = `const d = open(); for (let n = 0; n < 12; n++) d.forwardAsync(call()); parentPort.postMessage('started');`;
      const worker = new Worker(`${prelude}\nconst { parentPort } = require('node:worker_threads');\n${source}`, {
        eval: true,
      });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    const call = forwardCall();
    addon.openDevice({ backend: 'cpu', device: 'system', threads: 2, isa: '' }).forward(call);
    expect((call.out.data as Float32Array).every(Number.isFinite)).toBe(true);
  });
});

describe('the process ends cleanly', () => {
  test.each([
    ['with a device open', `open().forward(call());`],
    ['with calls in flight', `const d = open(); for (let n = 0; n < 12; n++) d.forwardAsync(call());`],
    [
      'by process.exit() with calls in flight',
      `const d = open(); for (let n = 0; n < 12; n++) d.forwardAsync(call()); process.exit(0);`,
    ],
    [
      'closed with calls in flight',
      `const d = open(); for (let n = 0; n < 12; n++) d.forwardAsync(call()); d.close();`,
    ],
    [
      'after an uncaught exception in a worker',
      `
      const { Worker } = require('node:worker_threads');
      new Worker('require(' + ${JSON.stringify(JSON.stringify(addonPath))} + ').openDevice(); throw new Error("meant")', { eval: true }).on('error', () => undefined);`,
    ],
  ])('%s', async (_, source) => {
    await expect(runFile(process.execPath, ['-e', prelude + source], { timeout: 30_000 })).resolves.toMatchObject({
      stderr: '',
    });
  });
});

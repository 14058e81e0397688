import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { customOpsLibraryPath } from '../src/index.js';

interface Python {
  command?: string;
  /** Of the packages that setup installed. */
  path?: string;
  /** Why there is none. */
  reason?: string;
}

const here = dirname(fileURLToPath(import.meta.url));

async function findPython(): Promise<Python> {
  const state = join(here, '../../../scripts/setup/state.mjs');
  if (!existsSync(state)) return { reason: 'this is no checkout' };
  const { readState } = (await import(pathToFileURL(state).href)) as { readState(): { python?: Python } };
  return readState().python ?? { reason: 'setup has not run' };
}

const { command, path, reason } = await findPython();
const name = "Python's stock ONNX Runtime";

describe.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (skipped: ${reason})`, () => {
  let results: Record<string, number | string>;

  beforeAll(async () => {
    const env = { ...process.env, PYTHONPATH: path };
    const script = join(here, 'python/stock_host.py');
    const { stdout } = await promisify(execFile)(String(command), [script, customOpsLibraryPath()], { env });
    results = JSON.parse(stdout.trim().split('\n').at(-1)!) as typeof results;
  }, 120_000);

  test.each([
    ['forward', 2e-6],
    ['lse', 2e-6],
    ['mask', 2e-6],
    ['softcap and sinks', 2e-6],
    ['packed', 2e-6],
    ['float16', 2 ** -10],
    ['bfloat16', 2 ** -6],
    ['dq', 2e-6],
    ['dk', 2e-6],
    ['dv', 2e-6],
    ['provider', 2e-6],
    ['provider dq', 2e-6],
    ['provider dk', 2e-6],
    ['provider dv', 2e-6],
  ])('%s', (check, bound) => {
    expect(results[check]).toBeLessThan(bound);
  });

  test.each([
    ['refused attribute', 'FaMetalError{INVALID_ARGUMENT|causal}'],
    ['refused dtype', 'FaMetalError{DTYPE_MISMATCH|k}'],
    ['refused shape', 'FaMetalError{SHAPE_MISMATCH|v}'],
    ['refused width', 'FaMetalError{UNSUPPORTED|q}'],
  ])('%s', (check, text) => {
    expect(results[check]).toContain(text);
  });
});

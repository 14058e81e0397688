import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as source from '../src/index.js';

const esm = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const cjs = fileURLToPath(new URL('../dist/index.cjs', import.meta.url));

beforeAll(() => {
  if (!existsSync(cjs)) throw new Error('These tests run the built package: build it first.');
});

describe('the built package', () => {
  it('exports the same as the source, from ESM and CommonJS', async () => {
    const names = Object.keys(source).sort();
    expect(Object.keys((await import(esm)) as object).sort()).toEqual(names);
    expect(Object.keys(createRequire(import.meta.url)(cjs) as object).sort()).toEqual(names);
  });

  it('computes when required, without a bundler or loader in between', () => {
    const script = `
      const { attentionSync, version } = require(${JSON.stringify(cjs)});
      const one = { data: Float32Array.of(2), shape: [1, 1, 1, 1], dtype: 'float32' };
      const { out, lse } = attentionSync(one, one, one);
      console.log(JSON.stringify([version, ...out.data, ...lse.data]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([source.version, 2, 4]);
  });

  it('shares one binary and one kind of error with its other copies in a process', async () => {
    const copies = [await import(esm), createRequire(import.meta.url)(cjs)] as (typeof source)[];
    for (const copy of copies) {
      expect(copy.nativeLibraryPath()).toBe(source.nativeLibraryPath());
      const error = await copy
        .attention(null as never, null as never, null as never)
        .catch((reason: unknown) => reason);
      expect(source.FaMetalError.isInstance(error)).toBe(true);
    }
  });
});

describe('the native binary', () => {
  it('exports what native.ts declares', () => {
    const { addon } = source.loadLibrary();
    const kinds = Object.fromEntries(Object.entries(addon).map(([name, value]) => [name, typeof value]));
    expect(kinds).toEqual({
      version: 'string',
      openDevice: 'function',
      allocate: 'function',
      instructionSets: 'function',
      tensorflow: 'object',
      onnxruntime: 'object',
    });
  });
});

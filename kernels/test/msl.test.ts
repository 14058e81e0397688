import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flatten, libraryText, metalTable, sourceFiles, variantsByName } from '../msl.mjs';
import { missing } from './softmetal.js';

const kernels = Object.keys(metalTable.kernels);
const variants = [...variantsByName.values()];
const command = fileURLToPath(new URL('../msl.mjs', import.meta.url));
const softmetal = fileURLToPath(new URL('../../native/softmetal/bin/softmetal.mjs', import.meta.url));

describe.each(kernels)('%s', (kernel) => {
  test('is one file with every header in it once', () => {
    const text = flatten(kernel);
    expect(text).not.toMatch(/^\s*#\s*include\s+"/m);
    expect(text).not.toMatch(/^\s*#\s*pragma\s+once/m);
    for (const file of sourceFiles(kernel)) {
      const [firstLine] = readFileSync(file, 'utf8').split('\n');
      expect(text.split(`${firstLine}\n`), file).toHaveLength(2);
    }
    expect(flatten(kernel)).toBe(text);
  });

  test('uses no atomics', () => {
    expect(flatten(kernel)).not.toMatch(/\batomic_|\batomic</);
  });
});

test('a kernel that is not in the table, and a variant that is not, are errors', () => {
  expect(() => libraryText('forward_f16_63')).toThrow("no variant is called 'forward_f16_63'");
});

test('the command line lists all variants, and prints one', () => {
  const run = (...names: string[]) => spawnSync(process.execPath, [command, ...names], { encoding: 'utf8' }).stdout;
  const [first] = variants;
  expect(run().trim().split('\n')).toEqual(variants.map(({ hostName }) => hostName));
  expect(run(first!.hostName)).toBe(libraryText(first!.hostName));
  expect(run(first!.hostName).trimEnd().endsWith(first!.instantiation)).toBe(true);
});

describe.skipIf(missing)(`the strict check of the software Metal device${missing}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fa-metal-msl-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function check(name: string, text: string) {
    const file = join(folder, `${name}.metal`);
    writeFileSync(file, text);
    return spawnSync(process.execPath, [softmetal, 'check', file], { encoding: 'utf8' });
  }

  test.each(kernels)('accepts %s with every variant', { timeout: 120_000 }, (kernel) => {
    const rows = variants.filter((variant) => variant.kernel === kernel);
    const text = [flatten(kernel), ...rows.map(({ instantiation }) => instantiation)].join('\n');
    const { status, stdout, stderr } = check(kernel, text);
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  test('refuses a kernel that it should refuse', { timeout: 120_000 }, () => {
    const { status } = check('wrong', 'kernel void f(device float* a [[buffer(0)]]) { float* b = a; b[0] = 1; }\n');
    expect(status).toBe(1);
  });
});

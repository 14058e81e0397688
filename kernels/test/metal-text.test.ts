import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { flatten, metalTable, variantsByName } from '../msl.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'fa-metal-text-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const kernels = Object.keys(metalTable.kernels);
const softmetal = createRequire(import.meta.url).resolve('softmetal/package.json');
const program = join(softmetal, '../bin/softmetal.mjs');
const available = process.platform === 'linux' && spawnSync(process.execPath, [program, 'settings']).status === 0;

/** A kernel's file with every variant of the table in it. */
function wholeText(kernel: string): string {
  const variants = [...variantsByName.values()].filter((variant) => variant.kernel === kernel);
  return [flatten(kernel), ...variants.map(({ instantiation }) => instantiation), ''].join('\n');
}

/** What the strict check of the software device says; empty when the text is legal. */
function strictCheck(name: string, text: string): string {
  const file = join(scratch, `${name}.metal`);
  writeFileSync(file, text);
  return spawnSync(process.execPath, [program, 'check', file], { encoding: 'utf8' }).stdout;
}

describe.each(kernels)('%s', (kernel) => {
  it('has no atomics: the order of sums never depends on who comes first', () => {
    expect(flatten(kernel).match(/\batomic\w*/g)).toBe(null);
  });

  it.skipIf(!available)(
    'is MSL in all its variants (skipped where softmetal is not)',
    () => {
      expect(strictCheck(kernel, wholeText(kernel))).toBe('');
    },
    120_000,
  );
});

it.skipIf(!available)(
  'the check sees what only Apple refuses (skipped where softmetal is not)',
  () => {
    const text = wholeText('forward').replace('fast::exp2(', 'fast::exp2((double)');
    expect(text).toContain('(double)');
    expect(strictCheck('with-double', text)).toContain('double');
  },
  120_000,
);

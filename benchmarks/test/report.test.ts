import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { RunResult } from '../demo/messages.js';
import { readOptions, variantsOf } from '../demo/options.js';
import { figures, verdict, writePage } from '../demo/report.js';

const result = (variant: RunResult['variant'], losses: number[]): RunResult => ({
  variant,
  host: 'a host',
  notes: [],
  losses,
  stepMilliseconds: losses.map(() => 10),
  sample: 'Call me <Ishmael>.',
  peakBytes: 5e8,
  parameters: 1234,
});
const results = [result('stock', [4, 3, 2]), result('fused', [4, 3, 2.0001])];

it('writes a page that needs nothing from elsewhere', async () => {
  const options = { ...readOptions([]), output: path.join(tmpdir(), `fa-metal-demo-${process.pid}.html`) };
  const page = readFileSync(await writePage(results, options), 'utf8');
  expect(page.match(/<svg/g)).toHaveLength(3);
  expect(page).not.toMatch(/<script|src=/);
  expect(page).toContain('Call me &lt;Ishmael&gt;.');
});

it('says whether the curves agree', () => {
  expect(verdict(results)).toContain('they agree');
  expect(verdict([results[0] as RunResult, result('fused', [4, 3.1, 2])])).toContain('THEY DO NOT AGREE');
  expect(verdict(results.slice(0, 1))).toBe('');
  expect(figures(results)).toContain('stock tfjs');
});

it('knows which runs a choice means', () => {
  expect(variantsOf(readOptions([]))).toEqual(['stock', 'stock-improved', 'fused']);
  expect(variantsOf(readOptions(['--attention', 'fused']))).toEqual(['fused']);
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { frontPageBlocks, replaceBlocks } from '../report/front-page.js';
import type { Run } from '../report/schema.js';
import { aRun } from './a-run.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('frontPageBlocks', () => {
  const { speed = '', memory = '' } = frontPageBlocks(aRun());
  const lines = speed.split('\n');

  it('has a line for each call, from the most threads', () => {
    expect(lines[0]).toMatch(/over PyTorch \| over ORT MultiHeadAttention \| over tfjs-node \|$/);
    expect(lines.slice(2, 6)).toEqual([
      '| forward, dense | 90 % | 1.5 x | 2.0 x | 2.5 x |',
      '| forward, causal | 90 % | 1.5 x | 2.0 x | 2.5 x |',
      '| forward and backward, dense | 90 % | 1.5 x | none | 2.5 x |',
      '| forward and backward, causal | 90 % | 1.5 x | none | 2.5 x |',
    ]);
  });

  it('has the memory of each contestant at each length', () => {
    expect(memory.split('\n')).toEqual([
      '| length | ours | tfjs-node |',
      '|---|---|---|',
      '| 1024 | 4 MB | 42 MB |',
      '| 2048 | 8 MB | 168 MB |',
      '| 4096 | 16 MB | 671 MB |',
    ]);
  });

  it('says whose figures they are', () => {
    expect(lines.at(-1)).toMatch(
      /^2 threads of Example\(R\) CPU <fast> \(avx512\), torch.mm \(MKL\) 1536 at 200 GFLOP\/s; run of 2026-01-02/,
    );
    expect(lines.at(-1)).toContain('nothing was measured on Apple hardware');
  });
});

describe('replaceBlocks', () => {
  it('leaves the rest as it is', () => {
    const page = (inner: string) => `a\n<!-- results: x -->\n${inner}\n<!-- end -->\nb\n<!-- end -->\n`;
    expect(replaceBlocks(page('old\nolder'), { x: 'new' })).toBe(page('new'));
  });

  it('refuses a text without them', () => {
    expect(() => replaceBlocks('<!-- end --><!-- results: x -->\n', { x: '' })).toThrow(/expected <!-- results: x -->/);
  });
});

it('is what the front page shows', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const published = /\((benchmarks\/results\/published\/[a-z0-9-]+\/attention)\.html\)/.exec(readme)?.[1];
  expect(published).toBeDefined();
  const run = JSON.parse(readFileSync(path.join(root, `${published}.json`), 'utf8')) as Run;
  expect(replaceBlocks(readme, frontPageBlocks(run))).toBe(readme);
});

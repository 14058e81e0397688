import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tileEdges } from '../src/index.js';
import { keyBlocks, queryBlocks } from '../src/sizes.js';

const table = JSON.parse(readFileSync(new URL('../../../kernels/variants/cpu.json', import.meta.url), 'utf8')) as {
  kernels: Record<string, { tiles: { queryBlock: number; keyBlock: number } }>;
};
const tiles = Object.values(table.kernels).map((kernel) => kernel.tiles);
const sorted = (sizes: Iterable<number>): number[] => [...new Set(sizes)].sort((a, b) => a - b);

it('the tiles are those of the variants table', () => {
  expect(keyBlocks).toEqual(sorted(tiles.map(({ keyBlock }) => keyBlock)));
  expect(queryBlocks).toEqual(sorted(tiles.map(({ queryBlock }) => queryBlock)));
});

it('cases lie below, on and above every tile', () => {
  const longest = tileEdges.long.map(({ Lq }) => Lq);
  for (const { queryBlock, keyBlock } of tiles) {
    for (const step of [-1, 0, 1]) {
      expect(longest).toContain(queryBlock + step);
      expect(tileEdges.keys).toContain(keyBlock + step);
    }
  }
});

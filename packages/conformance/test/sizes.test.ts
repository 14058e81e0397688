import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tileEdges } from '../src/index.js';
import { keyBlocks, queryBlocks } from '../src/sizes.js';

const table = JSON.parse(readFileSync(new URL('../../../kernels/variants/cpu.json', import.meta.url), 'utf8')) as {
  kernels: Record<string, { tiles: { queryBlock?: number; keyBlock: number } }>;
};
const tiles = Object.values(table.kernels).map((kernel) => kernel.tiles);
const keyTiles = sorted(tiles.map(({ keyBlock }) => keyBlock));
// A kernel for few query rows has no block of them.
const queryTiles = sorted(tiles.flatMap(({ queryBlock = [] }) => queryBlock));

it('the tiles are those of the variants table', () => {
  expect(keyBlocks).toEqual(keyTiles);
  expect(queryBlocks).toEqual(queryTiles);
  expect(queryTiles.length).toBeGreaterThan(0);
});

it('cases lie below, on and above every tile', () => {
  const longest = tileEdges.long.map(({ Lq }) => Lq);
  for (const step of [-1, 0, 1]) {
    for (const keys of keyTiles) expect(tileEdges.keys).toContain(keys + step);
    for (const queries of queryTiles) expect(longest).toContain(queries + step);
  }
});

function sorted(sizes: Iterable<number>): number[] {
  return [...new Set(sizes)].sort((a, b) => a - b);
}

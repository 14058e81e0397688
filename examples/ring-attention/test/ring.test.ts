import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../main.mjs', import.meta.url));

test.each([
  [1, 64],
  [3, 130],
  [4, 1024],
  [5, 3],
])('%i workers, %i positions: the same as one call, forward and backward', async (places, length) => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, `${places}`, `${length}`]);
  const rows = [...stdout.matchAll(/^(\w+) +largest difference (\S+)$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(['out', 'lse', 'dq', 'dk', 'dv']);
  // Values are below 1, and dk and dv sum over at most 2 * length rows: rounding of float32 in another order.
  for (const [, name, difference] of rows) {
    expect(Number(difference), name).toBeLessThan(name === 'dv' || name === 'dk' ? 1e-5 : 2e-6);
  }
});

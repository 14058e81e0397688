import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the example of the README runs and prints what it says', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, example] = readme.match(/```js\n([\s\S]*?)```/)!;
  const [, printed] = readme.match(/It prints `(.*)`/)!;
  mkdirSync(join(root, 'test-results'), { recursive: true });
  const folder = mkdtempSync(join(root, 'test-results', 'readme-'));
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: number[][]) => {
    lines.push(values.map((shape) => `[ ${shape.join(', ')} ]`).join(' '));
  });
  try {
    const file = join(folder, 'example.ts');
    writeFileSync(file, example!.replace('@fa-metal/reference', join(root, 'src/index.ts')));
    await import(file);
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
  expect(lines).toEqual([printed]);
});

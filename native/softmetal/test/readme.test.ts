import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildFolder } from '../cli/tool.js';

const folder = fileURLToPath(new URL('..', import.meta.url));

test("README's tables, examples and findings are what the code says", () => {
  const { status, stderr } = spawnSync(process.execPath, ['readme.mjs', '--check'], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test("README's client runs", () => {
  const [program = '', ...words] = [
    ...(process.env.SOFTMETAL_RUNNER?.split(' ') ?? []),
    `${buildFolder()}/examples/client`,
  ];
  const { stdout, status } = spawnSync(program, words, { encoding: 'utf8' });
  expect(stdout).toBe('0 2 4 6 8 10 12 14 ');
  expect(status).toBe(0);
});

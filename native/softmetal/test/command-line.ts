import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const program = fileURLToPath(new URL('../bin/softmetal.mjs', import.meta.url));

/** Where the tests of one file run the command line; gone after them. */
export const folder = mkdtempSync(join(tmpdir(), 'softmetal-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

export function file(name: string, text: string | Uint8Array): void {
  writeFileSync(join(folder, name), text);
}

export function softmetal(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

export const header = '#include <metal_stdlib>\nusing namespace metal;\n';

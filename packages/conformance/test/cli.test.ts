import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdapterReport } from '../src/index.js';

// The built program, as users get it; `test` depends on `build`.
const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
let folder: string;
let adapter: string;

/** Attention of one query and key, and a refusal of everything else. */
const source = `
export default () => ({
  name: 'one key',
  manifest: { notSupported: { mask: 'no' }, outputs: [] },
  run({ v, options }) {
    if (options.mask) throw Object.assign(new Error('no mask'), { code: 'UNSUPPORTED', argument: 'mask' });
    return { out: v };
  },
});`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fa-metal-cli-'));
  adapter = join(folder, 'adapter.mjs');
  writeFileSync(adapter, source);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]): Promise<{ code: number; output: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

it('replays one case', async () => {
  const { code, output } = await run('--adapter', adapter, '--replay', 'plain:Lq=1,Lk=1', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(output) as AdapterReport).cases).toEqual([
    { id: 'plain:Lq=1,Lk=1', family: 'plain', status: 'pass' },
  ]);
});

it('fails with the id and the reason', async () => {
  const { code, output } = await run('-a', adapter, '-r', 'plain:Lq=1,Lk=2');
  expect(code).toBe(1);
  expect(output).toMatch(/one key plain:Lq=1,Lk=2\n +out: expected shape/);
});

it('prints families by status for a filter', async () => {
  const { code, output } = await run('-a', adapter, '-f', 'mask=111,maskKind=drop');
  expect(code).toBe(0);
  expect(output).toMatch(/mask +│ \d+ not-supported/);
});

it('lists plans', async () => {
  const { output } = await run('--list', '--filter', 'window:');
  expect(output).toMatch(/^window \(\d+ cases\)\n {2}A window/);
});

it.each([
  [['-f', 'window:'], '--adapter: expected'],
  [['-a', 'ADAPTER', '-f', 'nothing'], 'no case contains nothing'],
  [['-a', 'ADAPTER', '-s', 'most'], 'expected smoke or full'],
  [['-a', 'ADAPTER', '-r', 'plain:lefty=1'], 'expected a known parameter'],
  [['table', 'nowhere'], 'No conformance-*.json'],
])('refuses %j', async (words, message) => {
  const { code, output } = await run(...words.map((word) => (word === 'ADAPTER' ? adapter : word)));
  expect(code).toBe(1);
  expect(output).toContain(message);
});

it('merges reports', async () => {
  const report: AdapterReport = {
    adapter: 'x',
    subset: 'full',
    filter: '',
    seconds: 1,
    cases: [{ id: 'plain:', family: 'plain', status: 'pass' }],
  };
  writeFileSync(join(folder, 'conformance-x.json'), JSON.stringify(report));
  const { output } = await run('table', folder);
  expect(output).toMatch(/plain +│ 1 pass/);
});

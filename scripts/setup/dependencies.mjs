import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

const stamp = path.join(root, 'node_modules/.installed-for');
const manifests = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];
const packageFolders = ['packages', 'adapters'];

/** Installs what pnpm-lock.yaml names, with the pnpm that package.json names. */
export async function installDependencies() {
  const wanted = fingerprint();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return 'unchanged';
  const { packageManager } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], { env: { CI: 'true' } });
  fs.writeFileSync(stamp, wanted);
  return 'installed';
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...manifests, ...packageManifests()]) hash.update(fs.readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

function packageManifests() {
  const folders = packageFolders.flatMap((parent) =>
    fs.readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return [...folders, 'kernels', 'native', 'native/softmetal', 'benchmarks', 'scripts']
    .map((folder) => `${folder}/package.json`)
    .filter((file) => fs.existsSync(path.join(root, file)));
}

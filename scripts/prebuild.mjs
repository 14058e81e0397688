// `npm run prebuild`: the binaries that are released: this platform's, built from nothing and stripped, and the one for macOS on
// Apple silicon, which every platform builds alike. Each in the place where `npm run build` puts it.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { buildForDarwin } from '../native/darwin/build.mjs';
import { withLock } from './lib/lock.mjs';
import { checkoutCache, platformName, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { main, step } from './lib/steps.mjs';
import { nodeHeaders } from './setup/node-headers.mjs';
import { setupTools } from './setup.mjs';

const tsx = path.join(root, 'node_modules/.bin/tsx');
const core = path.join(root, 'packages/core');

async function buildForThisPlatform() {
  const [headers] = nodeHeaders();
  const env = headers ? { npm_config_nodedir: headers.split('=')[1] } : {};
  const target = ['--napi', '--strip', '--name', 'addon', '--cwd', 'gyp', '--out', core];
  await withLock(path.join(checkoutCache, 'native-build.lock'), () =>
    run('node_modules/.bin/prebuildify', target, { cwd: path.join(root, 'native'), env, show: true }),
  );
}

/** Sizes and hashes, to compare the builds of two machines. */
function report() {
  for (const name of fs.readdirSync(path.join(core, 'prebuilds')).sort()) {
    const file = path.join(core, 'prebuilds', name, 'addon.node');
    const bytes = fs.readFileSync(file);
    const hash = createHash('sha256').update(bytes).digest('hex');
    console.log(`${path.relative(root, file)}  ${bytes.length} bytes  SHA-256 ${hash}`);
  }
}

await main(async () => {
  await setupTools();
  if (platformName !== 'darwin-arm64') await buildForThisPlatform();
  await step('darwin-arm64 (zig)', async () => {
    await run(tsx, ['native/darwin/check.ts', await buildForDarwin()]);
  });
  report();
});

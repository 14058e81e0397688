// `npm run prebuild`: the binary of this platform as it is released: built from nothing, stripped, in the same place as `npm run build` puts it.
import path from 'node:path';
import { withLock } from './lib/lock.mjs';
import { checkoutCache, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { main } from './lib/steps.mjs';
import { nodeHeaders } from './setup/node-headers.mjs';
import { setupTools } from './setup.mjs';

await main(async () => {
  await setupTools();
  const native = path.join(root, 'native');
  const [headers] = nodeHeaders();
  const env = headers ? { npm_config_nodedir: headers.split('=')[1] } : {};
  const target = ['--napi', '--strip', '--name', 'addon', '--cwd', 'gyp', '--out', path.join(root, 'packages/core')];
  await withLock(path.join(checkoutCache, 'native-build.lock'), () =>
    run('node_modules/.bin/prebuildify', target, { cwd: native, env, show: true }),
  );
});

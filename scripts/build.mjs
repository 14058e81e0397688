// `npm run build`: the native binary and every package.
import { main } from './lib/steps.mjs';
import { turbo } from './lib/turbo.mjs';
import { setupTools } from './setup.mjs';

await main(async () => {
  await setupTools();
  await turbo(['run', 'build'], { show: true });
});

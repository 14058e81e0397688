// `npm run format`: lays out every file as `npm run lint` wants it.
import path from 'node:path';
import { root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { main } from './lib/steps.mjs';
import { clangFormat } from './lint/clang-format.mjs';
import { setupTools } from './setup.mjs';

await main(async () => {
  await setupTools();
  await run(path.join(root, 'node_modules/.bin/biome'), ['check', '--write'], { show: true });
  const skipped = await clangFormat({ write: true });
  if (skipped) console.log(`C++ and MSL left alone: ${skipped}`);
});

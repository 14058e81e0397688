// `node scripts/check-tensorflow-versions.mjs [source ...]`: the op registers and trains on the oldest, the default and the newest
// libtensorflow alike. Each gets a copy of tfjs-node of its own; the workspace's is left alone. Sources as in FA_METAL_TENSORFLOW.
import fs from 'node:fs';
import path from 'node:path';
import { checkoutCache, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { main, step } from './lib/steps.mjs';
import { turbo } from './lib/turbo.mjs';
import { defaultSource } from './setup/libtensorflow.mjs';
import { provisionTfjsNode, tfjsNodeFolder } from './setup/tfjs-node.mjs';
import { setup } from './setup.mjs';

/** TensorFlow 2.7.4, which is what tfjs-node uses on macOS arm64; then PyPI's. */
const allSources = ['mvn:0.4.2', defaultSource, '2.21.0'];
const program = 'adapters/tfjs/test/train-smoke.mjs';

await main(async () => {
  await setup();
  await step('@fa-metal/tfjs', async () => {
    await turbo(['run', 'build', '--filter=@fa-metal/tfjs', '--output-logs=errors-only']);
  });
  const chosen = process.argv.slice(2);
  const failed = [];
  for (const source of chosen.length > 0 ? chosen : allSources) {
    try {
      await check(source);
    } catch (error) {
      failed.push(source);
      console.log(error.message);
    }
  }
  console.log(failed.length > 0 ? `failed: ${failed.join(', ')}` : 'every version trains');
  process.exitCode = failed.length > 0 ? 1 : 0;
});

async function check(source) {
  const folder = path.join(checkoutCache, 'tensorflow-check', source.replace(':', '-'));
  const tfjsNode = copyTfjsNode(folder);
  await step(`libtensorflow ${source}`, async () => {
    const { route, version, reason } = await provisionTfjsNode(tfjsNode, source);
    if (route === 'none') throw new Error(reason);
    return `TensorFlow ${version}`;
  });
  const script = path.join(folder, path.basename(program));
  fs.copyFileSync(path.join(root, program), script);
  await run(process.execPath, [script], { cwd: folder, show: true, env: { TF_CPP_MIN_LOG_LEVEL: '2' } });
}

/** A folder in which '@tensorflow/tfjs-node' is a copy, and everything beside it what the workspace has. */
function copyTfjsNode(folder) {
  const original = tfjsNodeFolder();
  const modules = path.join(folder, 'node_modules');
  const copy = path.join(modules, '@tensorflow/tfjs-node');
  if (!fs.existsSync(copy)) {
    const left = ['deps', 'lib', 'node_modules'].map((name) => path.join(original, name));
    fs.cpSync(original, copy, { recursive: true, filter: (file) => !left.includes(file) });
  }
  const siblings = path.resolve(original, '../..');
  // pnpm puts what tfjs-node uses without naming it (tfjs-core) into a folder that all packages of the store look into.
  const hoisted = path.resolve(siblings, '../../node_modules');
  for (const folder of [siblings, hoisted]) {
    for (const name of packageNames(folder)) link(path.join(folder, name), path.join(modules, name));
  }
  link(path.join(root, 'adapters/tfjs'), path.join(modules, '@fa-metal/tfjs'));
  link(path.join(root, 'packages/core'), path.join(modules, '@fa-metal/core'));
  return copy;
}

function packageNames(modules) {
  if (!fs.existsSync(modules)) return [];
  const names = fs.readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? fs.readdirSync(path.join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function link(target, file) {
  if (fs.existsSync(file)) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.symlinkSync(fs.realpathSync(target), file);
}

// Builds the native binary, incrementally, and puts it where @fa-metal/core looks: packages/core/prebuilds/<platform>-<arch>/addon.node.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../scripts/lib/lock.mjs';
import { checkoutCache, platformName, root } from '../scripts/lib/paths.mjs';
import { replaceFile } from '../scripts/lib/publish.mjs';
import { run } from '../scripts/lib/run.mjs';
import { main, UserError } from '../scripts/lib/steps.mjs';
import { nodeHeaders } from '../scripts/setup/node-headers.mjs';
import { onnxRuntimeHeaders } from '../scripts/setup/onnxruntime-headers.mjs';

const gyp = fileURLToPath(new URL('gyp', import.meta.url));
const built = path.join(gyp, 'build/Release/addon.node');
const delivered = path.join(root, 'packages/core/prebuilds', platformName, 'addon.node');

function nodeGyp(...args) {
  const program = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  return run(process.execPath, [program, ...args, ...nodeHeaders()], { cwd: gyp, show: true });
}

/** node-gyp's makefile follows changes of sources, but not of the list of sources or of the settings. */
function configuration(headers) {
  const list = execFileSync(process.execPath, ['inputs.mjs', 'sources'], { cwd: gyp, encoding: 'utf8' });
  if (!list.includes('addon/')) throw new UserError('native/addon has no sources: there is nothing to build yet.');
  const settings = fs.readFileSync(path.join(gyp, 'binding.gyp'), 'utf8');
  return [process.version, headers, list, settings].join('\n');
}

async function build() {
  const headers = await onnxRuntimeHeaders();
  const wanted = configuration(headers.folder);
  const stamp = path.join(gyp, 'build/configured-for.txt');
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== wanted) {
    await nodeGyp('configure', '--loglevel=warn');
    fs.writeFileSync(stamp, wanted);
  }
  await nodeGyp('build', '--loglevel=warn', `--jobs=${os.availableParallelism()}`);
  // An unchanged file keeps its time stamp.
  if (!fs.existsSync(delivered) || !fs.readFileSync(built).equals(fs.readFileSync(delivered))) {
    replaceFile(delivered, (temporary) => fs.copyFileSync(built, temporary));
  }
  console.log(`${path.relative(root, delivered)} (${(fs.statSync(delivered).size / 1e6).toFixed(1)} MB)`);
}

await main(() =>
  withLock(path.join(checkoutCache, 'native-build.lock'), build, (pid) =>
    console.log(`waiting for another build of the native binary (process ${pid})`),
  ),
);

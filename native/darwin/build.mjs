// Builds the native binary for macOS on Apple silicon, on any platform and without a header of Apple's: zig brings the C and C++
// library, Metal is looked up at run time. Puts it where @fa-metal/core looks: packages/core/prebuilds/darwin-arm64/addon.node.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from '../../scripts/lib/lock.mjs';
import { checkoutCache, root } from '../../scripts/lib/paths.mjs';
import { replaceFile } from '../../scripts/lib/publish.mjs';
import { main } from '../../scripts/lib/steps.mjs';
import { pythonPrograms } from '../../scripts/setup/python-packages.mjs';
import { buildAddon } from '../zig-addon.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = JSON.parse(fs.readFileSync(path.join(here, 'target.json'), 'utf8'));

export const delivered = path.join(root, 'packages/core/prebuilds/darwin-arm64', target.fileName);

/** Same sources and same zig, same bytes, wherever the checkout is. */
export const buildForDarwin = () => withLock(path.join(checkoutCache, 'darwin-build.lock'), build);

async function build() {
  const binary = path.join(here, 'build', target.fileName);
  await buildAddon({
    binary,
    target: ['-target', `aarch64-macos.${target.oldestSystem}`, `-mcpu=${target.processor}`],
    // Node's functions are in no library: the process has them, or another host has not.
    linker: ['-Wl,-undefined,dynamic_lookup', `-Wl,-install_name,@rpath/${target.fileName}`],
  });
  if (!fs.existsSync(delivered) || !fs.readFileSync(binary).equals(fs.readFileSync(delivered))) {
    replaceFile(delivered, (temporary) => fs.copyFileSync(binary, temporary));
  }
  return delivered;
}

/** What the tests need: on a Mac there is node-gyp's binary in that place, and where zig cannot be had, none. */
async function buildForTests() {
  if (process.platform !== 'linux') return console.log('npm run prebuild makes the binary for macOS on this platform');
  const { reason } = await pythonPrograms('zig-requirements.txt');
  if (reason) {
    fs.rmSync(delivered, { force: true });
    return console.log(`no binary for macOS: ${reason}`);
  }
  const file = await buildForDarwin();
  console.log(`${path.relative(root, file)} (${(fs.statSync(file).size / 1e6).toFixed(1)} MB)`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(buildForTests);

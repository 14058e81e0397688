// Builds the native binary for Linux on arm64, for tests under emulation: a released one is built on such a machine.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../scripts/lib/lock.mjs';
import { checkoutCache } from '../../scripts/lib/paths.mjs';
import { buildAddon } from '../zig-addon.mjs';

const binary = fileURLToPath(new URL('build/addon.node', import.meta.url));
const exportsMap = fileURLToPath(new URL('../gyp/exports.map', import.meta.url));

/** The path of the binary. glibc is as old as the one that Node's own builds ask for. */
export async function buildForLinuxArm64() {
  await withLock(path.join(checkoutCache, 'linux-arm64-build.lock'), () =>
    buildAddon({
      binary,
      target: ['-target', 'aarch64-linux-gnu.2.28', '-fPIC'],
      linker: [`-Wl,--version-script=${exportsMap}`, '-ldl', '-lpthread'],
    }),
  );
  return binary;
}

// Conformance and gold vectors on the NEON kernels: the native binary built for arm64 Linux by zig, loaded by an arm64 Node that
// QEMU runs. Not part of `npm test`: the second build of the native binary alone takes more than two minutes on two cores.
//   npm run test:neon            everything
//   npm run test:neon -- part    a stable tenth of the cases, and every gold vector
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildForLinuxArm64 } from '../../../../native/linux-arm64/build.mjs';
import { root } from '../../../../scripts/lib/paths.mjs';
import { run } from '../../../../scripts/lib/run.mjs';
import { main, step } from '../../../../scripts/lib/steps.mjs';
import { arm64Emulation } from '../../../../scripts/setup/arm64-emulation.mjs';
import { arm64Node } from '../../../../scripts/setup/arm64-node.mjs';
import { pythonPrograms } from '../../../../scripts/setup/python-packages.mjs';

const folder = fileURLToPath(new URL('../..', import.meta.url));
const results = path.join(folder, 'test-results');

/** All that is needed, or the first reason why something is not there. */
async function tools() {
  const zig = await pythonPrograms('zig-requirements.txt');
  if (zig.reason) return { reason: `zig, which builds for arm64, cannot be had: ${zig.reason}` };
  const emulation = await arm64Emulation();
  return emulation.reason ? emulation : { ...emulation, ...(await arm64Node()) };
}

function reportSkipped(reason) {
  console.log(`NEON is not tested: ${reason}`);
  fs.mkdirSync(results, { recursive: true });
  const report = { passed: 0, failed: 0, skipped: 1, skippedTests: [`the NEON kernels: ${reason}`] };
  fs.writeFileSync(path.join(results, 'neon.counts.json'), JSON.stringify(report));
}

await main(async () => {
  for (const name of ['neon.counts.json', 'vitest.neon.json']) fs.rmSync(path.join(results, name), { force: true });
  const { emulator, sysroot, node, reason } = await tools();
  if (reason) return reportSkipped(reason);
  let addon;
  await step('native binary for arm64 Linux', async () => {
    addon = await buildForLinuxArm64();
  });
  await run(path.join(root, 'node_modules/.bin/vitest'), ['run', '--config', 'vitest.neon.config.ts'], {
    cwd: folder,
    env: {
      TEST_RUN: 'neon',
      NEON_EMULATOR: emulator,
      NEON_NODE: node,
      NEON_ADDON: addon,
      NEON_PART: process.argv[2] === 'part' ? '1' : '',
      QEMU_LD_PREFIX: sysroot,
    },
    show: true,
  });
});

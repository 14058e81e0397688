// Builds the library and its test programs for arm64 Linux and runs them under QEMU. Extra words go to vitest.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCache } from '../../../scripts/lib/paths.mjs';
import { run } from '../../../scripts/lib/run.mjs';
import { main, step } from '../../../scripts/lib/steps.mjs';
import { arm64Emulation } from '../../../scripts/setup/arm64-emulation.mjs';
import { readState } from '../../../scripts/setup/state.mjs';
import { make } from '../build.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const results = path.join(folder, 'test-results');

/** With glibc as old as this, and libc++ inside: what is built runs on every distribution of the last years. */
const target = 'aarch64-linux-gnu.2.28';

async function tools() {
  const { softmetal } = readState();
  if (!softmetal?.zig)
    return { reason: softmetal?.reason ?? 'zig, which builds for arm64, is not here: npm run setup' };
  const emulation = await arm64Emulation();
  return { ...emulation, zig: softmetal.zig };
}

function reportSkipped(reason) {
  console.log(`arm64 is not tested: ${reason}`);
  fs.mkdirSync(results, { recursive: true });
  const report = { passed: 0, failed: 0, skipped: 1, skippedTests: [`softmetal on arm64: ${reason}`] };
  fs.writeFileSync(path.join(results, 'arm64.counts.json'), JSON.stringify(report));
}

await main(async () => {
  fs.rmSync(path.join(results, 'arm64.counts.json'), { force: true });
  const { zig, emulator, sysroot, reason } = await tools();
  if (reason) return reportSkipped(reason);
  // Its own libc++ is compiled at the first time: 3 minutes of a core.
  process.env.ZIG_GLOBAL_CACHE_DIR = path.join(sharedCache, 'zig-cache');
  await step('softmetal for arm64', async () => {
    await make('ARCH=aarch64', `CXX=${zig} c++ -target ${target}`, `AR=${zig} ar`, 'library', 'tools', 'tests');
  });
  const env = {
    SOFTMETAL_ARCH: 'aarch64',
    SOFTMETAL_BUILD: path.join(folder, 'build/aarch64'),
    SOFTMETAL_RUNNER: emulator,
    // QEMU keeps a record of every page of the inaccessible zones around buffers.
    SOFTMETAL_GUARD_MB: '16',
    QEMU_LD_PREFIX: sysroot,
  };
  const report = ['--reporter=default', '--reporter=json', `--outputFile=${path.join(results, 'vitest.arm64.json')}`];
  const files = ['programs', 'bugs', 'examples', 'command-line'].map((name) => `test/${name}.test.ts`);
  await run('vitest', ['run', ...report, ...files, ...process.argv.slice(2)], { cwd: folder, env, show: true });
});

// Builds the library and its test programs for arm64 Linux and runs them under QEMU.
//   node test/arm64.mjs          everything: 10 minutes of two cores when nothing is built yet
//   node test/arm64.mjs part     what depends most on the processor; `npm test` runs this
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, sharedCache } from '../../../scripts/lib/paths.mjs';
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

/** Of each area what knows the processor: registers, fibers, faults, memory order, the compiler's output. */
const part = [
  ...['engine', 'engine_divergence', 'engine_fault', 'engine_msl', 'engine_switch', 'memory', 'simd'],
  ...['objc', 'objc_block', 'objc_exit', 'objc_registers', 'check', 'check_kernels', 'race_threads'],
  ...['compiler', 'instrument', 'instrumented_kernels', 'counted_kernels', 'builtins_conversion', 'vectors'],
].map((name) => `unit/${name}`);
const client = ['device', 'first_run', 'command_buffer', 'objc', 'objc_header'].map((name) => `client/${name}`);

function reportSkipped(reason) {
  console.log(`arm64 is not tested: ${reason}`);
  fs.mkdirSync(results, { recursive: true });
  const report = { passed: 0, failed: 0, skipped: 1, skippedTests: [`softmetal on arm64: ${reason}`] };
  fs.writeFileSync(path.join(results, 'arm64.counts.json'), JSON.stringify(report));
}

await main(async () => {
  for (const name of ['arm64.counts.json', 'vitest.arm64.json']) fs.rmSync(path.join(results, name), { force: true });
  const { zig, emulator, sysroot, reason } = await tools();
  if (reason) return reportSkipped(reason);
  const programs = process.argv[2] === 'part' ? [...part, ...client] : undefined;
  const build = path.join(folder, 'build/aarch64');
  // Its own libc++ is compiled at the first time: 3 minutes of a core.
  process.env.ZIG_GLOBAL_CACHE_DIR = path.join(sharedCache, 'zig-cache');
  await step('softmetal for arm64', async () => {
    const targets = programs?.map((name) => `build/aarch64/test/${name}`) ?? ['library', 'tools', 'tests'];
    await make('ARCH=aarch64', `CXX=${zig} c++ -target ${target}`, `AR=${zig} ar`, ...targets);
  });
  const env = {
    TEST_RUN: 'arm64',
    SOFTMETAL_ARCH: 'aarch64',
    SOFTMETAL_BUILD: build,
    SOFTMETAL_RUNNER: emulator,
    // QEMU keeps a record of every page of the inaccessible zones around buffers.
    SOFTMETAL_GUARD_MB: '16',
    QEMU_LD_PREFIX: sysroot,
    ...(programs ? { SOFTMETAL_PROGRAMS: programs.join(' ') } : {}),
  };
  const files = programs ? ['programs'] : ['programs', 'bugs', 'examples', 'command-line'];
  const bin = path.join(root, 'node_modules/.bin'); // also where no npm script has set PATH
  // The command line's own tests run what is built of it, not its sources.
  if (!programs) await run(path.join(bin, 'tsup'), [], { cwd: folder });
  await run(path.join(bin, 'vitest'), ['run', ...files.map((name) => `test/${name}.test.ts`)], {
    cwd: folder,
    env,
    show: true,
  });
});

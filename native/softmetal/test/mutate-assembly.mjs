// Deletes every line of the assembly files that saves, restores or clears a register, one at a time, and asks
// that the file's own test program fails then: natively for this machine, under QEMU for arm64.
//   node test/mutate-assembly.mjs [x86_64] [aarch64]      SOFTMETAL_BUILDS: another folder than build/
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCache } from '../../../scripts/lib/paths.mjs';
import { run } from '../../../scripts/lib/run.mjs';
import { main } from '../../../scripts/lib/steps.mjs';
import { arm64Emulation } from '../../../scripts/setup/arm64-emulation.mjs';
import { readState } from '../../../scripts/setup/state.mjs';
import { make } from '../build.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const subjects = [
  { file: 'src/objc/msgsend', test: 'objc_registers' },
  { file: 'src/engine/switch', test: 'engine_switch' },
];

// What moves data. Frame records (mov x29, sp) serve debuggers only, and a jump that goes is not a lost register.
const moves = /^\s+(mov\w*|push\w*|pop\w*|stp|ldp|str|ldr|sub\w?|add\w?|xor\w*|fldz)\s/;
const framesOnly = /^\s+mov\s+x29, sp/;

const native = { compiler: ['c++'], archiver: 'ar', runner: [] };
const own = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** How to build and run programs for an architecture: { compiler, archiver, runner }, or { reason } when that cannot be. */
async function toolsFor(name) {
  if (name === own) return native;
  const zig = readState().softmetal?.zig ?? process.env.SOFTMETAL_ZIG;
  const { emulator, sysroot, reason } = await arm64Emulation();
  if (!zig || reason || name !== 'aarch64') return { reason: reason ?? 'no zig to build with: npm run setup' };
  process.env.ZIG_GLOBAL_CACHE_DIR ??= path.join(sharedCache, 'zig-cache');
  return {
    compiler: [zig, 'c++', '-target', 'aarch64-linux-gnu.2.28'],
    archiver: `${zig} ar`,
    runner: [emulator, '-L', sysroot],
  };
}

/** The text without its n-th line, for each line that moves data. */
export function mutants(text) {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (!moves.test(`${line} `) || framesOnly.test(line)) return [];
    return [{ line: index + 1, what: line.trim(), text: lines.toSpliced(index, 1, '').join('\n') }];
  });
}

/** Whether a test program ran to its end and every case held. */
function passes(program, runner) {
  const [command, ...words] = [...runner, program];
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve(status === 0 && /^1\.\.[1-9]/m.test(output) && !/^not ok/m.test(output)));
  });
}

async function survivors(name, { compiler, archiver, runner }, scratch) {
  const [command, ...words] = compiler;
  const build = path.join(process.env.SOFTMETAL_BUILDS ?? path.join(folder, 'build'), name);
  const library = path.join(build, 'libsoftmetal.a');
  await make(`ARCH=${name}`, `BUILD=${build}`, `CXX=${compiler.join(' ')}`, `AR=${archiver}`, library);
  const flags = ['-std=c++20', '-O1', '-fPIC', '-pthread', '-fsigned-char', '-Isrc', '-Iinclude', '-Itest'];
  const lived = [];
  let deleted = 0;
  for (const { file, test } of subjects) {
    const object = path.join(scratch, `${test}.o`);
    await run(command, [...words, ...flags, '-c', `test/unit/${test}_test.cc`, '-o', object], { cwd: folder });
    const holds = async (text, label) => {
      const program = path.join(scratch, label);
      const mutant = `${program}.o`;
      fs.writeFileSync(`${program}.S`, text);
      await run(command, [...words, '-c', `${program}.S`, '-o', mutant]);
      // Objects come before the library, so that the library's own copy is not taken.
      await run(command, [...words, '-pthread', object, mutant, library, '-ldl', '-lm', '-o', program]);
      return passes(program, runner);
    };
    const original = fs.readFileSync(path.join(folder, `${file}_${name}.S`), 'utf8');
    if (!(await holds(original, `${test}-whole`))) throw new Error(`${name}: ${test} fails as it is`);
    const all = mutants(original);
    const queue = [...all];
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (await holds(next.text, `${test}-${next.line}`)) lived.push(`${file}_${name}.S:${next.line}: ${next.what}`);
      }
    };
    await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
    console.log(`${file}_${name}.S: ${all.length} lines deleted one at a time`);
    deleted += all.length;
  }
  return { lived, deleted };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const wanted = process.argv.slice(2);
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'softmetal-mutants-'));
    const total = { passed: 0, failed: 0, skipped: 0, problems: [], skippedTests: [] };
    try {
      for (const name of wanted.length ? wanted : ['x86_64', 'aarch64']) {
        const tools = await toolsFor(name);
        if (tools.reason) {
          total.skipped += 1;
          total.skippedTests.push(`every line of the ${name} assembly is needed: ${tools.reason}`);
          continue;
        }
        const { lived, deleted } = await survivors(name, tools, scratch);
        total.passed += deleted - lived.length;
        total.failed += lived.length;
        total.problems.push(...lived.map((each) => `not noticed when deleted: ${each}`));
      }
      for (const each of [...total.problems, ...total.skippedTests]) console.log(each);
      fs.mkdirSync(path.join(folder, 'test-results'), { recursive: true });
      fs.writeFileSync(path.join(folder, 'test-results/assembly.counts.json'), JSON.stringify(total));
      if (total.failed) process.exitCode = 1;
    } finally {
      fs.rmSync(scratch, { recursive: true });
    }
  });
}

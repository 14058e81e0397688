// Deletes every line of the assembly files that saves, restores or clears a register, one at a time, and asks
// that the file's own test program fails then: natively for this machine, under QEMU for arm64.
//   node test/mutate-assembly.mjs [x86_64] [aarch64]      SOFTMETAL_BUILDS: another folder than build/
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../scripts/lib/run.mjs';
import { main } from '../../../scripts/lib/steps.mjs';
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

const zig = readState().softmetal?.zig ?? process.env.SOFTMETAL_COMPILER?.split(' ')[0];
const architectures = {
  x86_64: { compiler: ['c++'], archiver: 'ar', runner: [], here: process.arch === 'x64' },
  aarch64:
    process.arch === 'arm64'
      ? { compiler: ['c++'], archiver: 'ar', runner: [], here: true }
      : {
          compiler: [zig, 'c++', '-target', 'aarch64-linux-gnu.2.28'],
          archiver: `${zig} ar`,
          runner: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
          here: true,
        },
};

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

async function survivors(name, scratch) {
  const { compiler, archiver, runner } = architectures[name];
  const [command, ...words] = compiler;
  const build = path.join(process.env.SOFTMETAL_BUILDS ?? path.join(folder, 'build'), name);
  const library = path.join(build, 'libsoftmetal.a');
  await make(`ARCH=${name}`, `BUILD=${build}`, `CXX=${compiler.join(' ')}`, `AR=${archiver}`, library);
  const flags = ['-std=c++20', '-O1', '-fPIC', '-pthread', '-fsigned-char', '-Isrc', '-Iinclude', '-Itest'];
  const lived = [];
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
  }
  return lived;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const wanted = process.argv.slice(2);
    const names = Object.keys(architectures).filter((name) =>
      wanted.length ? wanted.includes(name) : architectures[name].here,
    );
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'softmetal-mutants-'));
    try {
      const lived = [];
      for (const name of names) lived.push(...(await survivors(name, scratch)));
      for (const each of lived) console.log(`not noticed: ${each}`);
      if (lived.length) process.exitCode = 1;
    } finally {
      fs.rmSync(scratch, { recursive: true });
    }
  });
}

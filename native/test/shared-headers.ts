import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('..', import.meta.url));
const programs = join(native, 'test/programs/shared_headers');
const include = join(native, '../kernels/include');
const softmetal = join(native, 'softmetal/bin/softmetal.mjs');

export type SampleKind = 'bands' | 'philox';
const resultsOf = { bands: 12, philox: 4 } as const;
const inputsOf = { bands: 10, philox: 6 } as const;

/** What the shared headers make of rows of ints (test/programs/shared_headers/sample.h says what is in a row). */
export type Computes = (kind: SampleKind, samples: Int32Array) => Int32Array;

function withFiles(kind: SampleKind, samples: Int32Array, run: (input: string, output: string) => void): Int32Array {
  const folder = mkdtempSync(join(tmpdir(), 'fa-metal-sample-'));
  try {
    const [input, output] = [join(folder, 'samples'), join(folder, 'results')];
    writeFileSync(input, samples);
    writeFileSync(output, new Uint8Array(4 * resultsOf[kind] * (samples.length / inputsOf[kind])));
    run(input, output);
    return new Int32Array(Uint8Array.from(readFileSync(output)).buffer);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Compiled as C++. */
export const asCpp: Computes = (kind, samples) =>
  withFiles(kind, samples, (input, output) => {
    const program = join(input, '../program');
    const source = join(programs, 'sample.cc');
    execFileSync(process.env.CXX ?? 'c++', [
      '-std=c++20',
      '-O2',
      `-I${include}`,
      `-I${programs}`,
      source,
      '-o',
      program,
    ]);
    execFileSync(program, [kind, input, output]);
  });

/** Compiled as MSL, by the software device. */
export const asMsl: Computes = (kind, samples) =>
  withFiles(kind, samples, (input, output) => {
    const count = samples.length / inputsOf[kind];
    const kernel = ['run', join(programs, 'sample.metal'), '--function', kind, '-I', include, '-I', programs];
    const memory = ['--buffer', `0=${input}`, '--buffer', `1=${output}:rw`];
    execFileSync(process.execPath, [softmetal, ...kernel, '--total', String(count), ...memory, '--validate']);
  });

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './run-program.js';
import { cacheFolder, softmetal, type Tools } from './tools.js';

const own = fileURLToPath(new URL('nvptx', import.meta.url));
const target = ['--target=nvptx64-nvidia-cuda', '-Xclang', '-target-cpu', '-Xclang', 'sm_90'];

/** As softmetal builds kernels, but for another processor, everything inlined and loops unrolled as the kernel says. */
const flags = [
  ...['-x', 'c++', '-std=c++20', '-O2', '-nostdinc', '-nostdinc++', '-fno-exceptions', '-fno-rtti'],
  ...[
    '-fno-threadsafe-statics',
    '-fdeclspec',
    '-flax-vector-conversions=none',
    '-fsigned-char',
    '-fno-strict-aliasing',
  ],
  ...['-fwrapv', '-fno-math-errno', '-ffp-contract=on', '-fno-vectorize', '-fno-slp-vectorize', '-Wno-everything'],
  ...['-Xclang', '-target-feature', '-Xclang', '+ptx78', '-mllvm', '-inline-threshold=10000000'],
  ...['-mllvm', '-pragma-unroll-threshold=4000000', '-mllvm', '-nvptx-prec-divf32=0'],
];

/** A kernel of an MSL file that is complete in itself. */
export interface KernelFile {
  metal: string;
  name: string;
  /** Function constants by index, as softmetal's command line writes them: `bool:true`. */
  constants: ReadonlyMap<number, string>;
}

export const constantWords = (constants: ReadonlyMap<number, string>): string[] =>
  [...constants].flatMap(([index, value]) => ['--constant', `${index}=${value}`]);

/** Writes a kernel's PTX to a file: MSL -> C++ by softmetal -> PTX by clang. */
export async function toPtx(tools: Tools, kernel: KernelFile, ptx: string): Promise<void> {
  const headers = gpuHeaders();
  const source = `${ptx}.cc`;
  const cpp = await output(process.execPath, [
    join(softmetal, 'bin/softmetal.mjs'),
    ...['translate', kernel.metal, '--function', kernel.name, ...constantWords(kernel.constants)],
  ]);
  writeFileSync(source, cpp);
  const [clang, ...words] = tools.clang as [string, ...string[]];
  const include = [`-I${headers}`, `-I${join(softmetal, 'src')}`, '-include', join(headers, 'metal.h')];
  await output(clang, [...words, ...target, ...flags, ...include, '-S', source, '-o', ptx]);
}

/** softmetal's metal_stdlib with the headers of nvptx/ in place of those of the same name. */
export function gpuHeaders(): string {
  const stdlib = join(softmetal, 'stdlib/run');
  const folder = join(cacheFolder, `headers-${headersHash()}`);
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${process.pid}`;
  mkdirSync(cacheFolder, { recursive: true });
  cpSync(stdlib, temporary, { recursive: true });
  for (const name of readdirSync(own)) {
    const inner = join(temporary, 'detail', name);
    const replaced = existsSync(inner) ? inner : join(temporary, name);
    if (!existsSync(replaced)) throw new Error(`${name} replaces no header of softmetal`);
    cpSync(join(own, name), replaced);
  }
  try {
    renameSync(temporary, folder);
  } catch {
    rmSync(temporary, { recursive: true }); // another process was faster
  }
  return folder;
}

/** Of all headers that a kernel is compiled with. */
export function headersHash(): string {
  const hash = createHash('sha256');
  for (const folder of [join(softmetal, 'stdlib/run'), join(softmetal, 'stdlib/run/detail'), own]) {
    for (const entry of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile())) {
      hash.update(entry.name).update(readFileSync(join(folder, entry.name)));
    }
  }
  return hash.update(flags.join(' ')).digest('hex').slice(0, 12);
}

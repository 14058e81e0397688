// Writes the C++ and TypeScript mirrors of the tables in this folder, and of the version. `--check` writes nothing and fails on a difference.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as cpp from './generate-cpp.mjs';
import * as metal from './generate-metal.mjs';
import * as model from './generate-model.mjs';
import * as typescript from './generate-typescript.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');

function table(name) {
  return JSON.parse(readFileSync(join(here, `${name}.json`), 'utf8'));
}

const tables = {
  enums: table('enums'),
  errors: table('errors'),
  limits: table('limits'),
  options: table('options'),
  cpu: table('cpu'),
  metal: table('metal'),
  estimates: table('metal-estimates').variants,
  model: table('metal-model'),
  profiles: table('metal-profiles').variants,
  version: JSON.parse(readFileSync(join(root, 'packages', 'core', 'package.json'), 'utf8')).version,
};

const files = {
  'native/runtime/generated/enums.h': cpp.enums(tables),
  'native/runtime/generated/limits.h': cpp.limits(tables),
  'native/runtime/generated/options.h': cpp.options(tables),
  'native/runtime/generated/cpu_kernels.h': cpp.cpuKernels(tables),
  'native/runtime/generated/kernel_names.h': cpp.kernelNames(tables),
  'native/runtime/generated/metal_variants.h': metal.metalHeader(tables),
  'native/runtime/generated/metal_variants.cc': metal.metalTable(tables),
  'native/runtime/generated/metal_model.h': model.modelHeader(tables),
  'native/runtime/generated/metal_profiles.cc': model.profilesTable(tables),
  'native/runtime/generated/version.h': cpp.version(tables),
  'kernels/cpu/generated/tiles.h': cpp.cpuTiles(tables),
  'packages/core/src/generated/enums.ts': typescript.enums(tables),
  'packages/core/src/generated/errors.ts': typescript.errors(tables),
  'packages/core/src/generated/limits.ts': typescript.limits(tables),
  'packages/core/src/generated/options.ts': typescript.options(tables),
  'packages/core/src/generated/kernels.ts': typescript.kernels(tables),
  'kernels/report/generated/metal-model.ts': model.modelTypescript(tables),
  'packages/core/test/generated/metal-variants.ts': metal.metalTypescript(tables),
};

const check = process.argv.includes('--check');
const stale = [];
for (const [path, text] of Object.entries(files)) {
  const target = join(root, path);
  if (current(target) === text) continue;
  stale.push(relative(process.cwd(), target));
  if (check) continue;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

if (check && stale.length > 0) {
  console.error(`Generated files differ from kernels/variants/*.json:\n  ${stale.join('\n  ')}`);
  console.error('Run `node kernels/variants/generate.mjs` and commit the result.');
  process.exit(1);
}
console.log(stale.length === 0 ? 'generated files: up to date' : `generated files: wrote ${stale.length}`);

function current(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

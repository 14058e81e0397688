// The text of the Metal kernels as a C++ file, which every build of the native binary compiles along.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { flatten, metalTable } from '../../kernels/msl.mjs';

const target = fileURLToPath(new URL('build/generated/metal_sources.cc', import.meta.url));

/** Same kernels, same bytes. An unchanged file keeps its time stamp. */
export function writeMetalSources() {
  const text = metalSources();
  if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text) {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
  return target;
}

function metalSources() {
  const cases = Object.keys(metalTable.kernels).map(
    (kernel) => `    case MetalKernel::${kernel}:\n      return R"fa_metal(${flatten(kernel)})fa_metal";\n`,
  );
  return `// Written by native/gyp/metal-sources.mjs from kernels/metal.
#include "metal/kernel_text.h"

namespace fa::metal {

namespace {

const char* source_of(MetalKernel kernel) {
  switch (kernel) {
${cases.join('')}  }
  return "";
}

}  // namespace

std::string kernel_text(const MetalVariant& variant) {
  return std::string(source_of(variant.kernel)) + "\\n" + variant.instantiation + "\\n";
}

}  // namespace fa::metal
`;
}

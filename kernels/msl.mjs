// The Metal kernels as text: what the native binary embeds, and what tools and tests compile.
//   node kernels/msl.mjs                  names of all variants
//   node kernels/msl.mjs forward_f16_64   one variant's whole library
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { metalVariants } from './variants/metal-variants.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, 'metal');
const includeFolders = [folder, path.join(here, 'include')];

export const metalTable = JSON.parse(readFileSync(path.join(here, 'variants/metal.json'), 'utf8'));

/** Variant by host name. */
export const variantsByName = new Map(metalVariants(metalTable).map((variant) => [variant.hostName, variant]));

/** Every file that a kernel is made of, in the order of inclusion. */
export function sourceFiles(kernel) {
  return [...read(kernel).seen];
}

/** A kernel's file with `#include "..."` replaced by the file, once each. `#include <...>` stays. */
export function flatten(kernel) {
  return read(kernel).text;
}

/** All that Metal has to compile for one variant. */
export function libraryText(hostName) {
  const variant = variantsByName.get(hostName);
  if (variant === undefined)
    throw new Error(`no variant is called '${hostName}'; without a name, this prints all names`);
  return `${flatten(variant.kernel)}\n${variant.instantiation}\n`;
}

function read(kernel) {
  const seen = new Set();
  const text = include(path.join(folder, metalTable.kernels[kernel].file), seen);
  return { seen, text };
}

function include(file, seen) {
  seen.add(file);
  let depth = 0;
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .flatMap((line) => {
      if (/^\s*#\s*if/.test(line)) depth++;
      if (/^\s*#\s*endif/.test(line)) depth--;
      if (/^\s*#\s*pragma\s+once\b/.test(line)) return [];
      const name = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1];
      if (name === undefined) return [line];
      // The second inclusion leaves nothing behind, so the first one must count whatever is defined.
      if (depth > 0) throw new Error(`${file}: #include "${name}" inside #if cannot be flattened`);
      const found = resolve(name, file);
      return seen.has(found) ? [] : [include(found, seen)];
    })
    .join('\n');
}

function resolve(name, from) {
  const places = [path.dirname(from), ...includeFolders].map((place) => path.join(place, name));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${from}: there is no "${name}" in ${places.join(', ')}`);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name] = process.argv.slice(2);
  process.stdout.write(name === undefined ? `${[...variantsByName.keys()].join('\n')}\n` : libraryText(name));
}

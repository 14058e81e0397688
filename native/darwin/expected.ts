/** Collects what the binary is compared with from the places where each of it is written down. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { flatten, metalTable, variantsByName } from '../../kernels/msl.mjs';
import type { Expected } from './rules.js';
import target from './target.json' with { type: 'json' };

const checkout = path.resolve(fileURLToPath(import.meta.url), '../../..');

export function expectedBinary(): Expected {
  const sources = Object.keys(metalTable.kernels).map((kernel) => [kernel, flatten(kernel)] as const);
  const instantiations = [...variantsByName].map(([name, { instantiation }]) => [name, instantiation] as const);
  return {
    ...target,
    entryPoints: new Set(lines('../gyp/exports.txt')),
    otherExports: new Set(target.exports),
    libSystem: new Set(target.libSystem),
    nodeApi: nodeApi(),
    kernelTexts: new Map([...sources, ...instantiations]),
    secrets: [checkout, os.homedir(), os.tmpdir()].filter((folder) => folder.length > 1),
  };
}

const lines = (file: string) =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean);

function nodeApi(): Set<string> {
  const { symbols } = createRequire(import.meta.url)('node-api-headers');
  const { js_native_api_symbols: engine, node_api_symbols: node } = symbols[`v${target.napiVersion}`];
  return new Set([...engine, ...node].map((name) => `_${name}`));
}

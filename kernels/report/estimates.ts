import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registerEstimate } from './floor.js';
import { registersOf } from './measure.js';
import type { Tools } from './tools.js';
import { type Variant, variants } from './variants.js';

/** The columns of the variants table that this tool fills; kernels/variants/generate.mjs carries them on. */
const file = fileURLToPath(new URL('../variants/metal-estimates.json', import.meta.url));
const source =
  'pnpm kernels:report: registers by ptxas on the translated kernel, nothing spilled; not measured on Apple hardware';

export interface Estimate {
  registers: number;
  threadgroupBytes: number;
}

interface Table {
  source: string;
  variants: Record<string, Estimate>;
}

export function readEstimates(): Record<string, Estimate> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Table).variants : {};
}

export async function estimateOf(tools: Tools, variant: Variant): Promise<Estimate> {
  const { registers, threadgroupBytes } = await registersOf(tools, variant);
  return { registers: registerEstimate(variant, registers), threadgroupBytes };
}

/** Replaces what is known of these variants, and forgets those that the table no longer has. */
export function writeEstimates(found: ReadonlyMap<string, Estimate>): void {
  const known = { ...readEstimates(), ...Object.fromEntries(found) };
  const lines = variants.flatMap(({ hostName }) => {
    const estimate = known[hostName];
    if (estimate === undefined) return [];
    const { registers, threadgroupBytes } = estimate;
    return [`    "${hostName}": { "registers": ${registers}, "threadgroupBytes": ${threadgroupBytes} }`];
  });
  writeFileSync(file, `{\n  "source": "${source}",\n  "variants": {\n${lines.join(',\n')}\n  }\n}\n`);
}

/** Variants of which the table says something else, or nothing. */
export function staleEstimates(found: ReadonlyMap<string, Estimate>): string[] {
  const known = readEstimates();
  const differs = ([name, estimate]: [string, Estimate]) =>
    known[name]?.registers !== estimate.registers || known[name]?.threadgroupBytes !== estimate.threadgroupBytes;
  return [...found].filter(differs).map(([name]) => name);
}

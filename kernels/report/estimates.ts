import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Row } from './report.js';

/** The columns of the variants table that this tool fills; kernels/variants/generate.mjs carries them on. */
const file = fileURLToPath(new URL('../variants/metal-estimates.json', import.meta.url));
const source =
  'pnpm kernels:report: registers by ptxas on the translated kernel, without spilling; not measured on Apple hardware';

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

export const estimateOf = ({ registers, threadgroupBytes }: Row): Estimate => ({
  registers: registers.estimate,
  threadgroupBytes,
});

/** Replaces what is known of these variants, and forgets those that the table no longer has. */
export function writeEstimates(rows: readonly Row[], names: readonly string[]): void {
  const known = {
    ...readEstimates(),
    ...Object.fromEntries(rows.map((row) => [row.variant.hostName, estimateOf(row)])),
  };
  const variants = names.flatMap((name) => {
    const estimate = known[name];
    return estimate === undefined
      ? []
      : [
          `    "${name}": ${JSON.stringify(estimate)
            .replace(/([{:,])/g, '$1 ')
            .replace('}', ' }')}`,
        ];
  });
  writeFileSync(file, `{\n  "source": "${source}",\n  "variants": {\n${variants.join(',\n')}\n  }\n}\n`);
}

/** Variants whose line in the table says something else than was found now. */
export function staleEstimates(rows: readonly Row[]): string[] {
  const known = readEstimates();
  return rows
    .filter((row) => JSON.stringify(known[row.variant.hostName]) !== JSON.stringify(estimateOf(row)))
    .map((row) => row.variant.hostName);
}

// `pnpm kernels:report`: what can be said about the Metal kernels without a GPU. README.md says how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { staleEstimates, writeEstimates } from './estimates.js';
import { json, markdown, summary, terminalTable } from './print.js';
import { fitsRegisters, forEach, isWritten, reportRow } from './report.js';
import { cacheFolder, provideTools } from './tools.js';
import { variants, withTile } from './variants.js';

interface Options {
  only: string;
  out: string;
  try?: string;
  write?: boolean;
  check?: boolean;
}

const program = new Command('kernels:report')
  .description('Registers, counts and predicted use of every Metal kernel variant; not measured on Apple hardware.')
  .option('--only <expression>', 'variants whose name matches, such as "^dkv_f16_(64|128)$"', '')
  .option('--out <folder>', 'where report.md and report.json go', join(cacheFolder, 'report'))
  .option('--try <tile>', 'with another tile than the table says, such as "block=8,own=device"')
  .option('--write', 'put the estimates into kernels/variants/metal-estimates.json')
  .option('--check', 'fail where kernels/variants/metal-estimates.json says otherwise')
  .action(report);

async function report({ only, out, try: tile, write, check }: Options): Promise<void> {
  if (tile !== undefined && (write || check)) throw new Error('a tile that is tried is not the one of the table');
  const written = variants.filter((variant) => new RegExp(only).test(variant.hostName) && isWritten(variant));
  const chosen = tile === undefined ? written : written.map((variant) => withTile(variant, tile));
  if (chosen.length === 0) throw new Error(`no variant matches ${only}; \`node kernels/msl.mjs\` lists them`);
  const tools = await provideTools();
  let done = 0;
  const rows = await forEach(chosen, availableParallelism(), async (variant) => {
    const row = await reportRow(tools, variant);
    done += 1;
    process.stderr.write(`\r${done} of ${chosen.length} variants `);
    return row;
  });
  process.stderr.write('\n');
  console.log(terminalTable(rows));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'report.md'), markdown(rows));
  writeFileSync(join(out, 'report.json'), json(rows));
  console.log(`${summary(rows)}\n${resolve(out, 'report.md')}\n${resolve(out, 'report.json')}`);
  if (write)
    writeEstimates(
      rows,
      variants.map(({ hostName }) => hostName),
    );
  const stale = check ? staleEstimates(rows) : [];
  if (stale.length > 0)
    console.error(`kernels/variants/metal-estimates.json is out of date (--write): ${stale.join(', ')}`);
  if (stale.length > 0 || !rows.every(fitsRegisters)) process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}

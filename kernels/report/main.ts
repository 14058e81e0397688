// `pnpm kernels:report`: what can be said about the Metal kernels without a GPU. README.md says how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { estimateOf, staleEstimates, writeEstimates } from './estimates.js';
import { json, markdown, summary, terminalTable } from './print.js';
import { countedProfile, staleProfiles, writeProfiles } from './profiles.js';
import { fitsRegisters, forEach, reportRow } from './report.js';
import { cacheFolder, provideTools } from './tools.js';
import { type Variant, variants, withTile } from './variants.js';

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
  .option('--write', 'only put registers, memory and counts into kernels/variants/metal-{estimates,profiles}.json')
  .option('--check', 'only compare them with those files')
  .action(report);

async function report({ only, out, try: tile, write, check }: Options): Promise<void> {
  if (tile !== undefined && (write || check)) throw new Error('a tile that is tried is not the one of the table');
  const named = variants.filter(({ hostName }) => new RegExp(only).test(hostName));
  const chosen = tile === undefined ? named : named.map((variant) => withTile(variant, tile));
  if (chosen.length === 0) throw new Error(`no variant matches ${only}; \`node kernels/msl.mjs\` lists them`);
  if (write || check) await estimate(chosen, write === true);
  else await print(chosen, out);
}

/** `action` for every variant, with a count of those that are done. */
async function forAll<Result>(chosen: readonly Variant[], action: (variant: Variant) => Promise<Result>) {
  let done = 0;
  const results = await forEach(chosen, availableParallelism(), async (variant) => {
    const result = await action(variant);
    done += 1;
    process.stderr.write(`\r${done} of ${chosen.length} variants `);
    return result;
  });
  process.stderr.write('\n');
  return results;
}

async function print(chosen: readonly Variant[], out: string): Promise<void> {
  const tools = await provideTools();
  const rows = await forAll(chosen, (variant) => reportRow(tools, variant));
  console.log(terminalTable(rows));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'report.md'), markdown(rows));
  writeFileSync(join(out, 'report.json'), json(rows));
  console.log(`${summary(rows)}\n${resolve(out, 'report.md')}\n${resolve(out, 'report.json')}`);
  if (!rows.every(fitsRegisters)) process.exitCode = 1;
}

async function estimate(chosen: readonly Variant[], write: boolean): Promise<void> {
  const tools = await provideTools();
  const results = await forAll(chosen, async (variant) => ({
    estimate: await estimateOf(tools, variant),
    profile: (await countedProfile(variant)).profile,
  }));
  const byName = <Value>(pick: (result: (typeof results)[number]) => Value) =>
    new Map(chosen.map(({ hostName }, index) => [hostName, pick(results[index]!)]));
  const estimates = byName((result) => result.estimate);
  const profiles = byName((result) => result.profile);
  const stale = [...new Set([...staleEstimates(estimates), ...staleProfiles(profiles)])];
  if (write) {
    writeEstimates(estimates);
    writeProfiles(profiles);
  }
  const files = 'kernels/variants/metal-estimates.json and metal-profiles.json';
  if (stale.length > 0) console.log(`${files} ${write ? 'had' : 'have'} other figures for ${stale.join(', ')}`);
  else console.log(`${files} are up to date for ${chosen.length} variants`);
  if (stale.length > 0 && !write) process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}

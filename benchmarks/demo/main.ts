// `npm run demo`: trains the same small GPT with stock and with fused attention and shows what differs.
import open from 'open';
import type { RunResult } from './messages.js';
import { readOptions, smallSizes, tinySizes, variantsOf } from './options.js';
import { curves, figures, verdict, writePage } from './report.js';
import { runVariant, titles } from './run-variant.js';
import { whyNoTfjsNode } from './tensorflow.js';

let options = readOptions(process.argv.slice(2));
const software = options.device === 'software';
const missing = options.host === 'auto' ? whyNoTfjsNode() : undefined;
const host = options.host === 'auto' ? (missing ? 'tfjs' : 'tfjs-node') : options.host;
if (missing) console.log(`tfjs-node does not load here (${missing}).`);
if (host === 'tfjs' || software) options = readOptions(process.argv.slice(2), software ? tinySizes : smallSizes);
if (software) console.log('On the software Metal device, with tiny sizes; its times say nothing about a GPU.');
if (host === 'tfjs') {
  console.log("Running on tfjs's own JavaScript backend, with smaller sizes; the fused op reads and writes copies.");
}
if (options.width % options.heads !== 0) {
  console.error(`error: expected --width to be a multiple of --heads, got ${options.width} and ${options.heads}`);
  process.exit(2);
}

const results: RunResult[] = [];
for (const variant of variantsOf(options)) {
  const result = await runVariant(variant, options, host).catch((error: unknown) => {
    console.error(`error: the run "${titles[variant]}" failed: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  });
  for (const note of result.notes) console.log(`  ${titles[variant]}: ${note}`);
  results.push(result);
}

console.log(`\nLoss\n${curves(results)}\n\n${figures(results)}\n`);
for (const result of results) console.log(`${titles[result.variant]} writes:\n${result.sample}\n`);
if (verdict(results)) console.log(verdict(results));

const page = await writePage(results, options);
console.log(`Plots: ${page}`);
// A browser is opened for people only, never in CI or under a pipe.
if (options.open && process.stdout.isTTY && !process.env.CI) await open(page).catch(() => undefined);

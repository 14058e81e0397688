// `npm run bench`: peers and ours interleaved in one run, after a correctness gate; JSON and a page with plots.
import os from 'node:os';
import { openDevice } from '@fa-metal/core';
import Table from 'cli-table3';
import { checkAgreement, fused, sgemm, stock } from './contestants.js';
import { makeInputs } from './inputs.js';
import { readOptions } from './options.js';
import { type Measurement, writeResults } from './results.js';
import { type Direction, nameOf, type Shape } from './shapes.js';
import { race } from './timing.js';

const options = readOptions(process.argv.slice(2));
// TensorFlow reads this once, when it is loaded.
process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
process.env.FA_METAL_THREADS = String(options.threads);
const { loadHost } = await import('../demo/tensorflow.js');
const { tf, name: host, missing } = loadHost();
if (missing) {
  console.error(`error: the benchmark measures against tfjs-node, which is not usable here: ${missing}`);
  process.exit(1);
}
const device = await openDevice();

const shapes: Shape[] = options.headDims.flatMap((headDim) =>
  options.lengths.flatMap((length) => [false, true].map((causal) => ({ heads: options.heads, length, headDim, causal }))),
);
const yardstick = sgemm(tf);
const measurements: Measurement[] = [];
for (const shape of shapes) {
  checkAgreement(tf, device, makeInputs(shape, 'float32'));
  const inputs = makeInputs(shape, options.dtype);
  const reference = options.dtype === 'float32' ? inputs : makeInputs(shape, 'float32');
  const [ours, theirs] = [fused(device, inputs), stock(tf, reference)];
  for (const [index, direction] of (['forward', 'forward+backward'] satisfies Direction[]).entries()) {
    const contestants = [ours[index], theirs[index]].filter((contestant) => contestant !== undefined);
    measurements.push({ shape, direction, timings: race(yardstick, contestants, options.quick ? 5 : 9) });
    console.error(`measured ${nameOf(shape)} ${direction}`);
  }
}

const table = new Table({ head: ['problem', 'direction', 'peer', 'GFLOP/s', 'share of SGEMM', 'quartiles'], style: { head: [] } });
for (const { shape, direction, timings } of measurements) {
  for (const { name, gflops, share } of timings) {
    table.push([nameOf(shape), direction, name, gflops.median.toFixed(0), share.median.toFixed(2), `${share.lower.toFixed(2)} to ${share.upper.toFixed(2)}`]);
  }
}
console.log(table.toString());
const page = await writeResults(options, { host, device: device.info, cpu: os.cpus()[0]?.model ?? 'unknown', node: process.version }, measurements);
console.log(`Plots: ${page}`);
device.close();

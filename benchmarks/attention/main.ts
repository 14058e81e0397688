// `npm run bench`: peers and ours interleaved in one run, after a correctness gate; JSON and a page with plots.
import os from 'node:os';
import { openDevice } from '@fa-metal/core';
import Table from 'cli-table3';
import { checkAgreement, fused, stock } from './contestants.js';
import { makeInputs } from './inputs.js';
import { readOptions } from './options.js';
import { type Measurement, writeResults } from './results.js';
import { type Direction, nameOf, type Shape } from './shapes.js';
import { race } from './timing.js';
import { openYardstick } from './yardstick.js';

const options = readOptions(process.argv.slice(2));
// TensorFlow reads this once, when it is loaded.
process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
process.env.FA_METAL_THREADS = String(options.threads);
const { loadTensorFlow, whyNoTfjsNode } = await import('../demo/tensorflow.js');
const missing = whyNoTfjsNode();
if (missing) {
  console.error(`error: the benchmark measures against tfjs-node, which is not usable here: ${missing}`);
  process.exit(1);
}
const tf = loadTensorFlow('tfjs-node');
const device = await openDevice();

const shapes: Shape[] = options.headDims.flatMap((headDim) =>
  options.lengths.flatMap((length) =>
    [false, true].map((causal) => ({ heads: options.heads, length, headDim, causal })),
  ),
);
const yardstick = openYardstick(tf, options.threads);
const measurements: Measurement[] = [];
for (const shape of shapes) {
  checkAgreement(tf, device, makeInputs(shape, 'float32'));
  const inputs = makeInputs(shape, options.dtype);
  const reference = options.dtype === 'float32' ? inputs : makeInputs(shape, 'float32');
  const [ours, theirs] = [fused(device, inputs), stock(tf, reference)];
  const directions: Direction[] = ['forward', 'forward+backward'];
  for (const [index, direction] of directions.entries()) {
    const contestants = [ours[index], theirs[index]].filter((contestant) => contestant !== undefined);
    const timings = await race(yardstick.contestant, contestants, options.quick ? 5 : 9);
    measurements.push({ shape, direction, timings });
    console.error(`measured ${nameOf(shape)} ${direction}`);
  }
}
yardstick.close();

const table = new Table({
  head: ['problem', 'direction', 'peer', 'GFLOP/s', `share of ${yardstick.contestant.name}`, 'quartiles'],
  style: { head: [], border: [], compact: true },
});
for (const { shape, direction, timings } of measurements) {
  for (const { name, gflops, share } of timings) {
    table.push([
      nameOf(shape),
      direction,
      name,
      gflops.median.toFixed(0),
      share.median.toFixed(2),
      `${share.lower.toFixed(2)} to ${share.upper.toFixed(2)}`,
    ]);
  }
}
console.log(table.toString());
const page = await writeResults(
  options,
  {
    host: `tfjs-node ${tf.version.tfjs}`,
    device: device.info,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    node: process.version,
    yardstick: yardstick.contestant.name,
  },
  measurements,
);
console.log(`Plots: ${page}`);
device.close();

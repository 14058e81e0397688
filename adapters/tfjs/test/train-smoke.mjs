// Trains with our attention on whatever TensorFlow a tfjs-node has, and prints one line of JSON:
//   {"tensorflow":"2.13.1","route":"tensorflow-op","reason":"...","losses":[...]}
// Exit code 1 when the op does not run inside TensorFlow, or the losses do not fall.
//   TFJS_NODE=<folder of @tensorflow/tfjs-node> node train-smoke.mjs     (built packages; default: this package's own)
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
const require = createRequire(import.meta.url);
const tf = require(process.env.TFJS_NODE ?? '@tensorflow/tfjs-node');
const adapter = require('@fa-metal/tfjs');
// By way of the package: scripts/check-tensorflow-versions.mjs runs a copy of this file elsewhere.
const train = require(join(dirname(require.resolve('@fa-metal/tfjs/package.json')), 'test/programs/train.cjs'));

const { route, reason } = adapter.register(tf);
const losses = train(tf, adapter, 20);
const tensorflow = tf.backend().binding?.TF_Version;
console.log(JSON.stringify({ tensorflow, route, reason, losses }));
const falls = losses.every(Number.isFinite) && losses.at(-1) < losses[0] / 2;
process.exitCode = route === 'tensorflow-op' && falls ? 0 : 1;

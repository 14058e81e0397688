// What attention holds at most, in tensors of 64 MB, beyond what goes in and comes out. Prints JSON.
//   node copied-tensors.cjs route queries|keys forward|gradients      (either q, or k and v, are the long ones)
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
const tf = require(process.env.TFJS_NODE ?? '@tensorflow/tfjs-node');
const { attention, register } = require('@fa-metal/tfjs');
const { peak, startPeak } = require('../../../../packages/core/test-support/peak.cjs');

const [route, long, what] = process.argv.slice(2);
const megabytes64 = 2 ** 18; // rows of 64 floats
register(tf, { route });

function measure(rows) {
  const lengths = { q: 16, k: 16, v: 16, dOut: 16 };
  for (const name of long === 'queries' ? ['q', 'dOut'] : ['k', 'v']) lengths[name] = rows;
  return tf.tidy(() => {
    // fill: an op of TensorFlow, which leaves no array to JavaScript that could be freed while we measure
    const [q, k, v, dOut] = Object.values(lengths).map((length) => tf.fill([1, 1, length, 64], 1));
    const before = startPeak();
    const results =
      what === 'forward' ? [attention(q, k, v)] : tf.grads((q, k, v) => attention(q, k, v))([q, k, v], dOut);
    return { extra: peak() - before, checksum: results.reduce((sum, result) => sum + result.sum().dataSync()[0], 0) };
  });
}

measure(64); // threads, code and caches of both libraries are not the tensors'
const { extra, checksum } = measure(megabytes64);
// What has to be there: out and dq beside a long q, dk and dv beside long k and v.
const results = what === 'forward' ? Number(long === 'queries') : 2;
console.log(JSON.stringify({ copies: extra / (megabytes64 * 256) - results, checksum }));

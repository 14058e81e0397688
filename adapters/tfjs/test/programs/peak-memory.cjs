// Peak memory of one layer's attention, forward and backward, over what the process held before. Prints JSON.
//   node peak-memory.cjs fused|stock [context]        (batch 4, 4 heads of 64, float32)
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
const tf = require(process.env.TFJS_NODE ?? '@tensorflow/tfjs-node');
const { attention, register } = require('@fa-metal/tfjs');
const { peak, startPeak } = require('../../../../packages/core/test-support/peak.cjs');

const [variant = 'fused', context = '2048'] = process.argv.slice(2);
const shape = [4, 4, Number(context), 64];
const kernels = {
  fused: attention,
  stock: (q, k, v) => tf.matMul(tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(64))), v),
};

const { route } = register(tf);
const step = (size) =>
  tf.tidy(() => {
    const inputs = [1, 2, 3].map((seed) => tf.randomNormal(size, 0, 1, 'float32', seed).add(0)); // add: into TensorFlow's memory
    const before = startPeak();
    const gradients = tf.grads((q, k, v) => kernels[variant](q, k, v).sum())(inputs);
    const checksum = gradients.reduce((sum, gradient) => sum + gradient.abs().sum().dataSync()[0], 0);
    return { extraBytes: peak() - before, checksum };
  });

step([1, 1, 16, 64]); // threads, code and caches of both libraries are not the attention's
console.log(
  JSON.stringify({
    variant,
    route: variant === 'fused' ? route : 'tfjs ops',
    context: Number(context),
    ...step(shape),
  }),
);

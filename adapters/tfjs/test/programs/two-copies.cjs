// Two copies of the packages, each with its own file of the native binary, on one tfjs-node.
const train = require('./train.cjs');
const tf = require(process.env.TFJS_NODE);
const copies = process.argv.slice(2).map((entry) => require(entry));
for (const copy of [...copies, ...copies]) copy.register(tf);
const losses = copies.map((copy) => train(tf, copy));
const kernels = tf.getKernelsForBackend('tensorflow').map(({ kernelName }) => kernelName);
console.log(
  JSON.stringify({
    routes: copies.map((copy) => copy.info().route),
    losses,
    kernels: kernels.filter((name) => name.startsWith('FaMetal')).sort(),
    errorsShared: copies.every((copy) => copies.every((other) => other.FaMetalError.isInstance(errorOf(tf, copy)))),
  }),
);

function errorOf(tf, { attention }) {
  try {
    attention(tf.ones([1]), tf.ones([1]), tf.ones([1]));
  } catch (error) {
    return error;
  }
}

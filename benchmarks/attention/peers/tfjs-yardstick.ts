import { createRequire } from 'node:module';
import type { TensorFlow } from '../../demo/tensorflow.js';
import type { Host } from './host.js';
import { yardstickSizes } from './messages.js';

/** Where Python has neither PyTorch nor numpy: a product and a sum by tfjs-node's libtensorflow. */
export function openYardstick(): Host {
  const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node') as TensorFlow;
  const { size, bytes } = yardstickSizes;
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  const values = tf.ones([bytes / 4]);
  return {
    versions: { product: 'tf.matMul (tfjs-node)', 'tfjs-node': tf.version.tfjs },
    load: () => Promise.reject(new Error('the yardsticks take no problem')),
    yardsticks: {
      product: () => tf.matMul(a, b).dispose(),
      reading: () => tf.sum(values).dispose(),
    },
  };
}

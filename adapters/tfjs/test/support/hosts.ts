import { createRequire } from 'node:module';
import type { TensorFlow } from '../../src/index.js';

process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
const require = createRequire(import.meta.url);

export type TfjsNode = typeof import('@tensorflow/tfjs-node') & TensorFlow;

/** tfjs-node with its 'tensorflow' backend; it also has tfjs's 'cpu' backend. */
export const tf = require('@tensorflow/tfjs-node') as TfjsNode;

/** Runs `body` with another tfjs backend. */
export function onBackend<T>(name: 'tensorflow' | 'cpu', body: () => T): T {
  const before = tf.getBackend();
  tf.setBackend(name);
  try {
    return body();
  } finally {
    tf.setBackend(before);
  }
}

/** Tensors that libtensorflow holds for us. */
export function nativeTensorCount(): number {
  return (tf.backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();
}

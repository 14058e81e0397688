import { createRequire } from 'node:module';

export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/** The tfjs that runs here. */
export interface Host {
  readonly tf: TensorFlow;
  readonly name: string;
  /** Set when tfjs-node could not be loaded: why not. */
  readonly missing?: string;
}

/** Loads tfjs-node, or plain tfjs with its JavaScript backend where libtensorflow cannot be had. */
export function loadHost(): Host {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const require = createRequire(import.meta.url);
  try {
    const tf = require('@tensorflow/tfjs-node') as TensorFlow;
    return { tf, name: `tfjs-node ${tf.version.tfjs}` };
  } catch (error) {
    const tf = require('@tensorflow/tfjs') as TensorFlow;
    return { tf, name: `tfjs ${tf.version.tfjs}, backend ${tf.getBackend()}`, missing: String(error).replace(/\n.*/s, '') };
  }
}

import type { GradientName } from '@fa-metal/core';
import type { Call } from './call.js';
import type { Tensor, TensorFlow } from './tensorflow.js';

/**
 * The optional inputs whose gradient is computed beside dq, dk, dv. tfjs asks for the gradients of a kernel one by one,
 * after the kernel has run, so this is a guess about cost alone: a wrong one costs a gradient that nobody reads, or a
 * second run.
 *
 * Gradients of slopes and sinks are all but free. That of a bias is as large as it, and most biases are
 * constants: it is taken along where the bias is a variable or was computed while tfjs records.
 */
export function likelyGradients(tf: TensorFlow, { inputs, tensors }: Call): GradientName[] {
  const tape = tf.engine().state.activeTape;
  if (!tape) return [];
  const optional = ['bias', 'alibiSlopes', 'sinks'] as const;
  const changes = (bias: Tensor) =>
    bias instanceof tf.Variable ? bias.trainable : tape.some(({ outputs }) => outputs.includes(bias));
  return inputs.flatMap((name, index) => {
    const found = optional.find((option) => option === name);
    return found && (found !== 'bias' || changes(tensors[index] as Tensor)) ? [found] : [];
  });
}

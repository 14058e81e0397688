import { improveGradients, info, register } from '@fa-metal/tfjs';
import { fusedAttentionKernel, stockAttention } from './attention.js';
import { batches, loadCorpus } from './corpus.js';
import type { RunMessage, RunRequest } from './messages.js';
import { buildModel } from './model.js';
import { sampleText } from './sample.js';
import { loadTensorFlow, type TensorFlow } from './tensorflow.js';

type Scalar = import('@tensorflow/tfjs-node').Scalar;
type Tensor = import('@tensorflow/tfjs-node').Tensor;

/** Trains one variant from the seed and reports as it goes. Runs in a process of its own, so that peak memory is its own. */
export async function train(request: RunRequest, report: (message: RunMessage) => void): Promise<void> {
  const { variant, options } = request;
  const tf = loadTensorFlow(request.host);
  await tf.ready();
  const host = `${request.host} ${tf.version.tfjs}, backend ${tf.getBackend()}`;
  report({ kind: 'started', host, notes: prepare(variant, tf) });

  const corpus = loadCorpus();
  const kernel = isFused(variant) ? fusedAttentionKernel() : stockAttention(tf);
  const model = buildModel(tf, { ...options, vocabulary: corpus.characters.length }, kernel);
  const optimizer = tf.train.adam(options.learningRate, 0.9, 0.95);
  const supply = batches(corpus, options.batch, options.context, options.seed);

  for (let step = 0; step < options.steps; step++) {
    const { inputs, targets } = supply.next().value as { inputs: Int32Array; targets: Int32Array };
    const begin = performance.now();
    const loss = tf.tidy(() => {
      const x = tf.tensor2d(inputs, [options.batch, options.context], 'int32');
      const wanted = tf.oneHot(tf.tensor1d(targets, 'int32'), corpus.characters.length);
      const objective = () => {
        const logits = (model.apply(x, { training: true }) as Tensor).reshape([targets.length, -1]);
        return tf.losses.softmaxCrossEntropy(wanted, logits) as Scalar;
      };
      return (optimizer.minimize(objective, true) as Scalar).dataSync()[0] as number;
    });
    report({ kind: 'step', step, loss, milliseconds: performance.now() - begin });
    // Lets the message leave the process, and gives the event loop its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const sample = sampleText(tf, model, corpus, { context: options.context, length: 240, seed: options.seed });
  report({ kind: 'finished', sample, peakBytes, parameters: model.countParams() });
}

const isFused = (variant: RunRequest['variant']) => variant === 'fused' || variant === 'fused-cpu';

/** Installs what the variant asks for; returns what a reader of the figures should know about it. */
function prepare(variant: RunRequest['variant'], tf: TensorFlow): string[] {
  if (variant !== 'stock') improveGradients(tf);
  if (!isFused(variant)) return [];
  register(tf);
  const { route, device } = info();
  const name = device?.software ? `${device.name}, in software` : (device?.name ?? 'tfjs ops');
  return [`route ${route} on ${name}`];
}

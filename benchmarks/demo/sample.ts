import seedrandom from 'seedrandom';
import type { Corpus } from './corpus.js';
import type { TensorFlow } from './tensorflow.js';

type LayersModel = import('@tensorflow/tfjs-node').LayersModel;
type Tensor = import('@tensorflow/tfjs-node').Tensor;

/** Lets the model write `length` characters after a line break, at temperature 0.8. */
export function sampleText(
  tf: TensorFlow,
  model: LayersModel,
  corpus: Corpus,
  { context, length, seed }: { context: number; length: number; seed: number },
): string {
  const random = seedrandom(`sample ${seed}`);
  const tokens = [Math.max(corpus.characters.indexOf('\n'), 0)];
  for (let written = 0; written < length; written++) {
    const visible = tokens.slice(-context);
    // Causal: what stands behind the last visible character does not change its prediction.
    const padded = Int32Array.from({ length: context }, (_, index) => visible[index] ?? 0);
    const probabilities = tf.tidy(() => {
      const logits = (model.apply(tf.tensor2d(padded, [1, context], 'int32')) as Tensor).reshape([context, -1]);
      return tf.softmax(logits.slice([visible.length - 1, 0], [1, -1]).div(0.8)).dataSync() as Float32Array;
    });
    tokens.push(draw(probabilities, random()));
  }
  return tokens
    .map((token) => corpus.characters[token])
    .join('')
    .trim();
}

function draw(probabilities: Float32Array, uniform: number): number {
  let rest = uniform;
  for (const [index, probability] of probabilities.entries()) {
    rest -= probability;
    if (rest < 0) return index;
  }
  return probabilities.length - 1;
}

import type { AttentionKernel } from './attention.js';
import type { TensorFlow } from './tensorflow.js';

type Tensor = import('@tensorflow/tfjs-node').Tensor;
type LayersModel = import('@tensorflow/tfjs-node').LayersModel;
type SymbolicTensor = import('@tensorflow/tfjs-node').SymbolicTensor;

/** Sizes of the decoder-only transformer. */
export interface ModelShape {
  readonly vocabulary: number;
  readonly context: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly seed: number;
}

/**
 * A GPT in tfjs layers: token and position embedding, pre-normalised blocks, logits over characters.
 * Only `attention` differs between runs; all weights come from `shape.seed`.
 */
export function buildModel(tf: TensorFlow, shape: ModelShape, attention: AttentionKernel): LayersModel {
  let seed = shape.seed * 1000;
  const normal = (deviation: number) => tf.initializers.randomNormal({ mean: 0, stddev: deviation, seed: seed++ });
  const dense = (units: number, inputs: number, extra: { activation?: 'relu'; useBias?: boolean } = {}) =>
    tf.layers.dense({ units, kernelInitializer: normal(inputs ** -0.5), ...extra });
  const add = (a: SymbolicTensor, b: SymbolicTensor) => tf.layers.add().apply([a, b]) as SymbolicTensor;
  const then = (x: SymbolicTensor, ...layers: { apply(x: SymbolicTensor): unknown }[]) =>
    layers.reduce((value, layer) => layer.apply(value) as SymbolicTensor, x);

  const tokens = tf.input({ shape: [shape.context], dtype: 'int32' });
  const embedding = (inputDim: number) =>
    tf.layers.embedding({ inputDim, outputDim: shape.width, embeddingsInitializer: normal(0.3) });
  const positions = positionLayer(tf, shape.context).apply(tokens) as SymbolicTensor;
  let x = add(then(tokens, embedding(shape.vocabulary)), then(positions, embedding(shape.context)));

  for (let layer = 0; layer < shape.layers; layer++) {
    const queriesKeysValues = then(
      x,
      tf.layers.layerNormalization(),
      dense(3 * shape.width, shape.width, { useBias: false }),
    );
    const mixed = attentionLayer(tf, shape, attention).apply(queriesKeysValues) as SymbolicTensor;
    x = add(x, then(mixed, dense(shape.width, shape.width)));
    x = add(
      x,
      then(
        x,
        tf.layers.layerNormalization(),
        dense(4 * shape.width, shape.width, { activation: 'relu' }),
        dense(shape.width, 4 * shape.width),
      ),
    );
  }
  const logits = then(x, tf.layers.layerNormalization(), dense(shape.vocabulary, shape.width, { useBias: false }));
  return tf.model({ inputs: tokens, outputs: logits });
}

/** [B, L] tokens -> [B, L] positions. */
function positionLayer(tf: TensorFlow, context: number) {
  class Positions extends tf.layers.Layer {
    static readonly className = 'DemoPositions';
    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      return inputShape;
    }
    override call(inputs: Tensor | Tensor[]): Tensor {
      const tokens = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      return tf.tidy(() => tf.onesLike(tokens).mul(tf.range(0, context, 1, 'int32')));
    }
  }
  return new Positions({});
}

/** [B, L, 3C] -> [B, L, C]: splits into heads, attends, joins the heads again. */
function attentionLayer(tf: TensorFlow, shape: ModelShape, attention: AttentionKernel) {
  class SelfAttention extends tf.layers.Layer {
    static readonly className = 'DemoSelfAttention';
    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      return [inputShape[0] ?? null, inputShape[1] ?? null, shape.width];
    }
    override call(inputs: Tensor | Tensor[]): Tensor {
      const packed = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      return tf.tidy(() => {
        const [batch, length] = packed.shape as [number, number];
        const headed = packed.reshape([batch, length, 3 * shape.heads, shape.width / shape.heads]);
        const [q, k, v] = tf.split(headed, 3, 2);
        return attention(q as never, k as never, v as never).reshape([batch, length, shape.width]);
      });
    }
  }
  return new SelfAttention({});
}

import {
  type AttentionOptions as CoreOptions,
  FaMetalError,
  inOperation,
  readObject,
  readOptions,
} from '@fa-metal/core';
import type * as tfjsLayers from '@tensorflow/tfjs-layers';
import { attention } from './attention.js';
import { registered } from './register.js';
import type { Tensor, TensorFlow } from './tensorflow.js';

type Layer = tfjsLayers.layers.Layer;
type Shape = (number | null)[];

const optionNames = ['layout', 'scale', 'softcap', 'causal', 'align', 'window', 'kernel'] as const;
/** What tfjs's own Layer takes. */
const layerArguments = [
  'inputShape',
  'batchInputShape',
  'batchSize',
  'dtype',
  'inputDType',
  'name',
  'trainable',
  'weights',
] as const;
type LayerOptions = Pick<CoreOptions, (typeof optionNames)[number]>;

/** Options of `attention` that are no tensors, and what every layer of tfjs takes (`name`, `trainable`, ...). */
export type FlashAttentionConfig = LayerOptions & ConstructorParameters<typeof tfjsLayers.layers.Layer>[0];

type LayerClass = new (config: FlashAttentionConfig) => Layer;
const classes = new WeakMap<object, LayerClass>();

export const layers = {
  /**
   * A layer [q, k, v] -> attention(q, k, v, config); it has no weights. Saved models name it
   * `FaMetalFlashAttention` and load again after `register(tf)`.
   *
   * @throws FaMetalError before `register`, when the tfjs that was registered has no layers, or for a config with a
   *   wrong value or an unknown name
   */
  flashAttention(config: FlashAttentionConfig = {}): Layer {
    const { tf } = registered();
    const FlashAttention = tf.layers && classes.get(tf.layers);
    if (!FlashAttention) {
      throw new FaMetalError('HOST_INCOMPATIBLE', '[flashAttention] tf: expected a tfjs with layers, got one without', {
        argument: 'tf',
      });
    }
    const names = [...optionNames, ...layerArguments];
    return new FlashAttention(inOperation('flashAttention', () => readObject('config', config, names)));
  },
};

/** Makes the layer known to a tfjs, for `flashAttention` and for loading saved models. */
export function registerFlashAttention(tf: TensorFlow): void {
  if (!tf.layers || classes.has(tf.layers)) return;
  const FlashAttention = defineFlashAttention(tf.layers.Layer);
  classes.set(tf.layers, FlashAttention);
  tf.serialization.registerClass(FlashAttention as unknown as Parameters<typeof tf.serialization.registerClass>[0]);
}

function defineFlashAttention(Base: typeof tfjsLayers.layers.Layer): LayerClass {
  return class FlashAttention extends Base {
    static readonly className = 'FaMetalFlashAttention';
    readonly options: LayerOptions;

    constructor(config: FlashAttentionConfig) {
      const options = readConfig(config);
      super(config);
      this.options = options;
    }

    override call(inputs: Tensor | Tensor[]): Tensor {
      const [q, k, v] = three(inputs);
      return attention(q, k, v, this.options);
    }

    override computeOutputShape(inputShapes: Shape | Shape[]): Shape {
      const [q, , v] = three(inputShapes as Shape[]);
      return [...q.slice(0, -1), v[v.length - 1] ?? null];
    }

    override getConfig() {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

/** Wrong options are found when the layer is made, not when the model runs. Loading adds names of its own. */
function readConfig(config: FlashAttentionConfig): LayerOptions {
  // Saved models may hold null for what was not given.
  const given = optionNames.filter((name) => (config[name] ?? undefined) !== undefined);
  return inOperation('flashAttention', () =>
    readOptions(Object.fromEntries(given.map((name) => [name, config[name]]))),
  );
}

function three<T>(inputs: T | T[]): [T, T, T] {
  if (Array.isArray(inputs) && inputs.length === 3) return inputs as [T, T, T];
  throw new FaMetalError('INVALID_ARGUMENT', '[flashAttention] inputs: expected a list [q, k, v], got something else', {
    argument: 'inputs',
  });
}

import { callNative, deviceConfig, FaMetalError, loadLibrary } from '@fa-metal/core';
import type { CallAttributes, ScalarOptions } from '../call.js';
import type { NativeBridge } from '../native-bridge.js';
import type { Backend, TensorFlow, TensorInfo } from '../tensorflow.js';
import { gradientsOf, type Route } from './route.js';

/** The dtypes of tfjs that the op takes, in the order of its inputs. */
const dtypes = ['float32', 'int32', 'bool'] as const;

/**
 * Attention as a TensorFlow op inside the libtensorflow that tfjs-node has loaded: tensors stay where they are.
 *
 * @throws FaMetalError where that cannot be, with the reason
 */
export function openTensorFlowOp(tf: TensorFlow): Route {
  const backend = tf.backend() as unknown as Backend;
  if (!backend.executeMultipleOutputs || !backend.binding) {
    throw new FaMetalError(
      'HOST_INCOMPATIBLE',
      `the backend '${tf.getBackend()}' runs no TensorFlow ops; tfjs-node's does`,
    );
  }
  const bridge = loadLibrary().addon.tensorflow as unknown as NativeBridge;
  const ops = callNative(() => bridge.register(deviceConfig()));
  const run = (op: string, backward: boolean) => (tensors: readonly TensorInfo[], call: CallAttributes) =>
    runOp({ tf, bridge, op, backward, device: ops.device }, tensors, call);
  return {
    name: 'tensorflow-op',
    device: ops.info,
    gradients: gradientsOf(ops.info),
    forward: run(ops.forward, false),
    backward: run(ops.backward, true),
  };
}

interface OpTarget {
  tf: TensorFlow;
  bridge: NativeBridge;
  op: string;
  backward: boolean;
  device: number;
}

function runOp(
  { tf, bridge, op, backward, device }: OpTarget,
  tensors: readonly TensorInfo[],
  call: CallAttributes,
): TensorInfo[] {
  const backend = tf.backend() as unknown as Required<Backend>;
  const { TF_ATTR_INT, TF_ATTR_STRING } = backend.binding;
  const scalars = scalarTensors(tf, call.options);
  const outputs = 3 + (backward ? call.gradients.length : 0);
  try {
    const all = [
      ...tensors.map((tensor, index) => ({ name: call.inputs[index] ?? '', tensor })),
      ...scalars.map(({ name, tensor }) => ({ name, tensor: tensor as TensorInfo })),
    ];
    const groups = dtypes.map((dtype) => all.filter(({ tensor }) => tensor.dtype === dtype));
    const [floats = [], ints = [], bools = []] = groups;
    const ordered = groups.flat();
    const attributes = [
      { name: 'floatCount', type: TF_ATTR_INT, value: floats.length },
      { name: 'intCount', type: TF_ATTR_INT, value: ints.length },
      { name: 'boolCount', type: TF_ATTR_INT, value: bools.length },
      { name: 'inputs', type: TF_ATTR_STRING, value: ordered.map(({ name }) => name).join(',') },
      { name: 'options', type: TF_ATTR_STRING, value: optionsText(call.options) },
      { name: 'device', type: TF_ATTR_INT, value: device },
      ...(backward
        ? [
            { name: 'gradientCount', type: TF_ATTR_INT, value: outputs },
            { name: 'wanted', type: TF_ATTR_STRING, value: call.gradients.join(',') },
          ]
        : []),
    ];
    return backend.executeMultipleOutputs(
      op,
      attributes,
      ordered.map(({ tensor }) => tensor),
      outputs,
    );
  } catch (error) {
    throw fromKernel(bridge, error);
  } finally {
    for (const { tensor } of scalars) tensor.dispose();
  }
}

/** Numbers that may differ in every call travel as tensors: TensorFlow keeps a kernel per combination of attributes. */
function scalarTensors(tf: TensorFlow, { causal, align, dropout }: ScalarOptions) {
  const words = (value: bigint) => tf.tensor1d(new Int32Array(BigInt64Array.of(value).buffer), 'int32');
  return [
    ...(typeof causal === 'object' ? [{ name: 'causalOffset', tensor: words(BigInt(causal.offset)) }] : []),
    ...(typeof align === 'object' ? [{ name: 'alignOffset', tensor: words(BigInt(align.offset)) }] : []),
    ...(dropout ? [{ name: 'dropoutSeed', tensor: words(BigInt.asIntN(64, dropout.seed)) }] : []),
  ];
}

/** As native/bridges/tensorflow/attributes.h reads it: the kernel, whose name may hold anything, comes last. */
function optionsText({
  causal,
  align,
  window,
  dropout,
  ropeStyle,
  kernel,
  layout,
  scale,
  softcap,
}: ScalarOptions): string {
  const values = {
    layout,
    scale,
    softcap,
    causal: typeof causal === 'object' ? 'offset' : causal,
    align: typeof align === 'object' ? 'offset' : align,
    window: window && `${window.left},${window.right}`,
    dropout: dropout?.rate,
    rope: ropeStyle,
    kernel,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name}=${value}`).join(';');
}

/** The kernel's own error, kept for us natively under the number that its message carries. */
function fromKernel(bridge: NativeBridge, error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const number = /fa-metal failure (\d+)/.exec(message)?.[1];
  const failure = number === undefined ? undefined : bridge.takeFailure(Number(number));
  if (!failure) return error;
  return new FaMetalError(failure.code, failure.message, { argument: failure.argument, cause: error });
}

import type {
  GradientName,
  AttentionOptions as HostOptions,
  Tensor as HostTensor,
  NeededGradients,
} from '@fa-metal/core';
import { type Device, type DType, deviceConfig, FaMetalError, nativeLibraryPath, openDeviceSync } from '@fa-metal/core';
import type { CallAttributes } from '../call.js';
import type { Backend, TensorFlow, TensorInfo } from '../tensorflow.js';
import { byName, gradientNames, gradientsOf, type Route } from './route.js';

/**
 * Attention by @fa-metal/core on copies of the tensors, for any tfjs backend that reads synchronously.
 *
 * @throws FaMetalError where that cannot be, with the reason
 */
export function openCopy(tf: TensorFlow): Route {
  const backend = tf.backend() as unknown as Backend;
  if (typeof backend.readSync !== 'function') {
    throw new FaMetalError('HOST_INCOMPATIBLE', `the backend '${tf.getBackend()}' does not read tensors synchronously`);
  }
  const device = sharedDevice();
  const read = (tensors: readonly TensorInfo[], names: readonly string[]) =>
    byName(
      names,
      tensors.map((tensor) => readTensor(tf, tensor)),
    );

  return {
    name: 'copy',
    device: device.info,
    gradients: gradientsOf(device.info),

    forward(tensors, call) {
      const host = read(tensors, call.inputs);
      const { q, k, v } = required(host, ['q', 'k', 'v']);
      const { out, lse, softmaxStats } = device.attentionSync(q, k, v, hostOptions(host, call));
      return [out, lse, softmaxStats ?? noStats].map((tensor) => writeTensor(tf, tensor));
    },

    backward(tensors, call) {
      const host = read(tensors, call.inputs);
      const { softmaxStats, ...inputs } = required(host, ['q', 'k', 'v', 'out', 'lse', 'dOut', 'dLse', 'softmaxStats']);
      const needs = needed(call.gradients);
      const saved = softmaxStats.shape.includes(0) ? {} : { softmaxStats };
      const results = device.attentionBackwardSync({ ...inputs, ...saved, needs }, hostOptions(host, call));
      const { dq, dk, dv } = results;
      const optional = call.gradients.map((name) => results[gradientNames[name]] as HostTensor);
      return [dq, dk, dv, ...optional].map((tensor) => writeTensor(tf, tensor));
    },
  };
}

function needed(gradients: readonly GradientName[]): NeededGradients {
  const names = Object.keys(gradientNames) as GradientName[];
  return Object.fromEntries(names.map((name) => [name, gradients.includes(name)]));
}

const devices = new Map<string, Device>();

/** One device per binary, configuration and process: each has threads of its own. Never closed. */
function sharedDevice(): Device {
  const key = JSON.stringify([nativeLibraryPath(), deviceConfig()]);
  const device = devices.get(key) ?? openDeviceSync();
  devices.set(key, device);
  return device;
}

const noStats: HostTensor = { data: new Float32Array(0), shape: [0], dtype: 'float32' };

function readTensor(tf: TensorFlow, { dataId, shape, dtype }: TensorInfo): HostTensor {
  // The engine's own reading, which finds tensors that were made on another backend.
  return { data: tf.engine().readSync(dataId) as HostTensor['data'], shape, dtype: dtype as DType };
}

function writeTensor(tf: TensorFlow, { data, shape, dtype }: HostTensor): TensorInfo {
  const backend = tf.backend() as unknown as Backend;
  const dataId = backend.write(data, [...shape], dtype);
  return { dataId, shape: [...shape], dtype: dtype as TensorInfo['dtype'] };
}

function required<Name extends string>(tensors: Map<string, HostTensor>, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, tensors.get(name)])) as Record<Name, HostTensor>;
}

const optionTensors = [
  'mask',
  'bias',
  'alibiSlopes',
  'sinks',
  'kvLengths',
  'cuSeqlensQ',
  'cuSeqlensK',
  'blockTable',
  'kScale',
  'vScale',
] as const;
const ropeTensors = ['cos', 'sin', 'positionsQ', 'positionsK'] as const;

function hostOptions(tensors: Map<string, HostTensor>, { options }: CallAttributes): HostOptions {
  const { ropeStyle, ...scalars } = options;
  const given = optionTensors.filter((name) => tensors.has(name)).map((name) => [name, tensors.get(name)]);
  const rope = ropeTensors.map((name) => [name, tensors.get(`rope.${name}`)]).filter(([, tensor]) => tensor);
  return {
    ...scalars,
    ...Object.fromEntries(given),
    ...(ropeStyle && { rope: { style: ropeStyle, ...Object.fromEntries(rope) } }),
  };
}

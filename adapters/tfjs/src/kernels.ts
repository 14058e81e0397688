import { FaMetalError, type GradientName } from '@fa-metal/core';
import type { CallAttributes } from './call.js';
import { backwardInputs, type Route } from './routes/route.js';
import type { Tensor, TensorFlow, TensorInfo } from './tensorflow.js';

/** Names of our two kernels in tfjs's registry. */
export interface KernelNames {
  forward: string;
  backward: string;
}

/**
 * Names that belong to this copy of the package alone. tfjs keeps its registry on `globalThis`, so that a second copy
 * (another version, a test runner's fresh module) would otherwise run its calls through this one's kernels.
 */
export function ownKernelNames(): KernelNames {
  const counter = Symbol.for('fa-metal.tfjs.copies');
  const shared = globalThis as { [counter]?: number };
  const copy = (shared[counter] ?? 0) + 1;
  shared[counter] = copy;
  const suffix = copy === 1 ? '' : String(copy);
  return { forward: `FaMetalAttention${suffix}`, backward: `FaMetalAttentionGrad${suffix}` };
}

/** Registers the kernels for one tfjs backend; `route` is asked at every call. */
export function registerKernels(tf: TensorFlow, names: KernelNames, backendName: string, route: () => Route): void {
  const kernel = (kernelName: string, run: 'forward' | 'backward') =>
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        route()[run](inputs as unknown as TensorInfo[], attrs as unknown as CallAttributes),
    });
  kernel(names.forward, 'forward');
  kernel(names.backward, 'backward');
}

/** Runs a kernel whose inputs are a list, so that optional ones can be left out even while tfjs records a tape. */
export function runKernel(tf: TensorFlow, name: string, tensors: Tensor[], call: CallAttributes): Tensor[] {
  const { inputs, options, gradients } = call;
  const attributes = { inputs, options, gradients } as unknown as Parameters<
    ReturnType<TensorFlow['engine']>['runKernel']
  >[2];
  return tf.engine().runKernel(name, tensors as unknown as Record<string, Tensor>, attributes) as unknown as Tensor[];
}

/** Registers the gradients of both kernels; they serve every backend. */
export function registerGradients(tf: TensorFlow, names: KernelNames, route: () => Route): void {
  tf.registerGradient({
    kernelName: names.forward,
    saveAllInputs: true,
    outputsToSave: [true, true, true],
    gradFunc: (dy, saved, attrs) => {
      const call = attrs as unknown as CallAttributes;
      const [dOut, dLse] = dy as Tensor[] as [Tensor, Tensor];
      return differentiate({ tf, names, route: route() }, call, [...saved, dOut, dLse]);
    },
  });
  tf.registerGradient({
    kernelName: names.backward,
    gradFunc: () => {
      const got = 'the gradient of a gradient, which is not computed';
      throw unsupportedGradient(undefined, `[attentionBackward] expected a first derivative, got ${got}`);
    },
  });
}

interface Differentiation {
  tf: TensorFlow;
  names: KernelNames;
  route: Route;
}

/** One run of the backward kernel; the functions that tfjs asks for hand its results over. */
function differentiate({ tf, names, route }: Differentiation, call: CallAttributes, tensors: Tensor[]) {
  const run = (gradients: readonly GradientName[]) =>
    runKernel(tf, names.backward, tensors, { ...call, inputs: [...call.inputs, ...backwardInputs], gradients });
  const together = call.gradients.filter((name) => route.gradients.includes(name));
  const results = run(together);
  const given: readonly string[] = ['q', 'k', 'v', ...together];
  const entries = call.inputs.map((name, index) => {
    const found = given.indexOf(name);
    if (found >= 0) return [index, () => results[found]];
    if (isAmong(route.gradients, name)) return [index, () => tf.tidy(() => run([name])[3] as Tensor)];
    return [index, missingGradient(tf, name, tensors[index] as Tensor)];
  });
  return Object.fromEntries(entries) as Record<string, () => Tensor>;
}

/** tfjs asks for it only when the input depends on what is differentiated. */
function missingGradient(tf: TensorFlow, argument: string, input: Tensor): () => Tensor {
  // Masks and indices are piecewise constant: as with tf.where's condition, their gradient is zero and exact.
  if (input.dtype !== 'float32') return () => tf.zeros(input.shape);
  return () => {
    throw unsupportedGradient(
      argument,
      `[attentionBackward] ${argument}: expected a constant, got a tensor whose gradient is asked for, which this route does not compute (register(tf, { route: 'composed' }) does)`,
    );
  };
}

function isAmong(names: readonly GradientName[], name: string): name is GradientName {
  return (names as readonly string[]).includes(name);
}

function unsupportedGradient(argument: string | undefined, message: string): FaMetalError {
  return new FaMetalError('UNSUPPORTED_GRADIENT', message, { argument });
}

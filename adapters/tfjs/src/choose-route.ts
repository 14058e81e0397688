import { FaMetalError } from '@fa-metal/core';
import { openComposed } from './routes/composed.js';
import { openCopy } from './routes/copy.js';
import type { Route, RouteName } from './routes/route.js';
import { openTensorFlowOp } from './routes/tensorflow-op.js';
import type { TensorFlow, TensorInfo } from './tensorflow.js';

export interface ChosenRoute {
  route: Route;
  /** Why this one, and why none that would be faster. */
  reason: string;
}

const openers: Readonly<Record<RouteName, (tf: TensorFlow) => Route>> = {
  'tensorflow-op': openTensorFlowOp,
  copy: openCopy,
  composed: openComposed,
};

export const routeNames = Object.keys(openers) as RouteName[];

const praise: Readonly<Record<RouteName, string>> = {
  'tensorflow-op': 'our op runs inside the TensorFlow of this process',
  copy: 'tensors are copied to @fa-metal/core and back',
  composed: "tfjs's own ops compute attention, with memory that grows with Lq * Lk",
};

/**
 * The first route that works on the current backend, fastest first; or the forced one.
 *
 * @throws FaMetalError `HOST_INCOMPATIBLE` with the reason when the forced one does not work; `INVALID_ENVIRONMENT`,
 *   `BACKEND_UNAVAILABLE`, `LIBRARY_NOT_FOUND` when an FA_METAL_* variable asks for what there is not
 */
export function chooseRoute(tf: TensorFlow, forced: RouteName | undefined): ChosenRoute {
  const refusals: string[] = [];
  for (const name of forced ? [forced] : routeNames) {
    try {
      const route = openers[name](tf);
      tryOut(tf, route);
      return { route, reason: [`${praise[name]}${forced ? ' (forced)' : ''}`, ...refusals].join('; ') };
    } catch (error) {
      if (isAskedForInVain(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (forced)
        throw new FaMetalError('HOST_INCOMPATIBLE', `route '${name}': ${message}`, { argument: 'route', cause: error });
      refusals.push(`not '${name}': ${message}`);
    }
  }
  throw new FaMetalError('HOST_INCOMPATIBLE', refusals.join('; '), { argument: 'route' });
}

/** What an FA_METAL_* variable asks for and cannot be had is to be mended, not worked around. */
function isAskedForInVain(error: unknown): boolean {
  if (!FaMetalError.isInstance(error)) return false;
  const { code, argument } = error;
  return code === 'INVALID_ENVIRONMENT' || code === 'BACKEND_UNAVAILABLE' || argument === 'FA_METAL_LIBRARY';
}

/** One query that sees one key: the answer is the value itself. Finds out what no inspection can. */
function tryOut(tf: TensorFlow, route: Route): void {
  tf.tidy(() => {
    const one = tf.ones([1, 1, 1, 8]);
    const value = tf.fill([1, 1, 1, 8], 3);
    const outputs = route.forward([one, one, value], { inputs: ['q', 'k', 'v'], options: {}, gradients: [] });
    const [out] = outputs.map((output) => asTensor(tf, output));
    if (route.name === 'composed') return; // may have no synchronous reads; its ops are tfjs's own
    const result = out?.dataSync()[0];
    if (result !== 3) throw new FaMetalError('INTERNAL', `a trial run gave ${result}, not 3`);
  });
}

function asTensor(tf: TensorFlow, info: TensorInfo) {
  return 'rank' in info ? (info as ReturnType<typeof tf.tensor>) : tf.engine().makeTensorFromTensorInfo(info);
}

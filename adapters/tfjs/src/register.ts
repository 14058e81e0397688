import { type DeviceInfo, FaMetalError, inOperation, readObject, refusal } from '@fa-metal/core';
import { type ChosenRoute, chooseRoute, routeNames } from './choose-route.js';
import { type KernelNames, ownKernelNames, registerGradients, registerKernels } from './kernels.js';
import { registerFlashAttention } from './layers.js';
import type { RouteName } from './routes/route.js';
import type { TensorFlow } from './tensorflow.js';

export interface RegisterOptions {
  /** Force a route instead of taking the fastest that works; it is refused, with the reason, where it does not. */
  route?: RouteName;
}

/** What attention runs on, on tfjs's current backend. */
export interface Info {
  route: RouteName;
  /** Absent on the composed route. */
  device?: DeviceInfo;
  /** Why this route, and why none that would be faster. */
  reason: string;
}

type Engine = ReturnType<TensorFlow['engine']>;

/** What one tfjs engine has been told. Copies of tfjs in one realm share an engine. */
interface Registration {
  tf: TensorFlow;
  forced?: RouteName | undefined;
  /** By backend name, settled at the first use on that backend. */
  routes: Map<string, ChosenRoute>;
  backends: Set<string>;
}

const registrations = new WeakMap<Engine, Registration>();
let current: Registration | undefined;
let names: KernelNames | undefined;

/**
 * Makes attention part of a tfjs. Idempotent: again with the same tfjs it only looks at the route anew.
 * Functions and layers of this package work on the tfjs that was registered last.
 *
 * @param tf the module: `@tensorflow/tfjs-node`, `@tensorflow/tfjs`, or `@tensorflow/tfjs-core`
 * @returns what `info()` returns
 * @throws FaMetalError `INVALID_ARGUMENT`; `HOST_INCOMPATIBLE`, argument `route`, when a forced route cannot work;
 *   `INVALID_ENVIRONMENT`, `BACKEND_UNAVAILABLE`, `LIBRARY_NOT_FOUND` when an FA_METAL_* variable asks for what there is not
 */
export function register(tf: TensorFlow, options: RegisterOptions = {}): Info {
  checkArguments(tf, options);
  const engine = tf.engine();
  const known = registrations.get(engine);
  const registration: Registration = {
    tf,
    forced: options.route,
    routes: new Map(),
    backends: known?.backends ?? new Set(),
  };
  routeOf(registration); // refuses before anything is changed
  names ??= ownKernelNames();
  registrations.set(engine, registration);
  if (!known) registerGradients(tf, names, () => routeOf(registeredFor(engine)).route);
  registerFlashAttention(tf);
  current = registration;
  return info();
}

/** What runs attention on tfjs's current backend. @throws FaMetalError before `register` */
export function info(): Info {
  const { route, reason } = routeOf(registered());
  return { route: route.name, ...(route.device && { device: route.device }), reason };
}

/** The tfjs in use, with our kernel ready on its current backend. */
export function prepared(): { tf: TensorFlow; names: KernelNames } {
  const registration = registered();
  const { tf, backends } = registration;
  const own = names as KernelNames;
  const engine = tf.engine();
  routeOf(registration);
  const backend = tf.getBackend();
  if (!backends.has(backend)) {
    registerKernels(tf, own, backend, () => routeOf(registeredFor(engine)).route);
    backends.add(backend);
  }
  return { tf, names: own };
}

export function registered(): Registration {
  if (current) return current;
  throw new FaMetalError('INVALID_ARGUMENT', '[attention] tf: expected register(tf) before, got no tfjs', {
    argument: 'tf',
  });
}

function registeredFor(engine: Engine): Registration {
  return registrations.get(engine) as Registration;
}

function routeOf({ tf, forced, routes }: Registration): ChosenRoute {
  tf.backend(); // tfjs picks its backend at the first use
  const backend = tf.getBackend();
  let chosen = routes.get(backend);
  if (!chosen) {
    chosen = chooseRoute(tf, forced);
    routes.set(backend, chosen);
  }
  return chosen;
}

function checkArguments(tf: unknown, options: RegisterOptions): void {
  inOperation('register', () => {
    const refuse = (argument: string, expected: string, got: string) =>
      refusal({ code: 'INVALID_ARGUMENT', argument, expected, got });
    if (typeof (tf as TensorFlow | undefined)?.registerKernel !== 'function') {
      throw refuse('tf', "the module of '@tensorflow/tfjs-node' or '@tensorflow/tfjs'", typeof tf);
    }
    const { route } = readObject('options', options, ['route']);
    if (route !== undefined && !routeNames.includes(route)) {
      throw refuse('route', routeNames.map((name) => `'${name}'`).join(', '), `'${String(route)}'`);
    }
  });
}

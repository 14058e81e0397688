import { createRequire } from 'node:module';
import type { RouteName, TensorFlow } from '../../src/index.js';

process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
const require = createRequire(import.meta.url);

export type TfjsNode = typeof import('@tensorflow/tfjs-node') & TensorFlow;
export type BackendName = 'tensorflow' | 'cpu';

/** What `npm run setup` found; its route is 'none' where libtensorflow cannot be had. */
const setup = new URL('../../../../scripts/setup/state.mjs', import.meta.url).href;
const { readState } = (await import(setup)) as { readState(): { tensorflow?: { route: string; reason?: string } } };
const found = readState().tensorflow;

/** tfjs-node with its 'tensorflow' backend and tfjs's own 'cpu'; plain tfjs where setup says that it has to do. */
function load(): { tf: TfjsNode; withTensorFlow: boolean } {
  if (found?.route !== 'none') return { tf: require('@tensorflow/tfjs-node') as TfjsNode, withTensorFlow: true };
  console.warn(`What needs tfjs-node is skipped, the rest runs on tfjs's cpu backend: ${found.reason}`);
  return { tf: require('@tensorflow/tfjs') as TfjsNode, withTensorFlow: false };
}

export const { tf, withTensorFlow } = load();
/** Name of a test that runs with tfjs-node only; where that is missing, the name says why it is skipped. */
export const onTfjsNode = (name: string): string => (withTensorFlow ? name : `${name} (skipped: ${found?.reason})`);

export const mainBackend: BackendName = withTensorFlow ? 'tensorflow' : 'cpu';
export const fastestRoute: RouteName = withTensorFlow ? 'tensorflow-op' : 'copy';
export const backendNames: readonly BackendName[] = withTensorFlow ? ['tensorflow', 'cpu'] : ['cpu'];
/** What can be forced on the main backend. */
export const routeNames: readonly RouteName[] = withTensorFlow
  ? ['tensorflow-op', 'copy', 'composed']
  : ['copy', 'composed'];
/** Every route on every backend that has it. */
export const places: readonly [RouteName, BackendName][] = [
  ...routeNames.map((route): [RouteName, BackendName] => [route, mainBackend]),
  ...(withTensorFlow
    ? ([
        ['copy', 'cpu'],
        ['composed', 'cpu'],
      ] as [RouteName, BackendName][])
    : []),
];

tf.setBackend(mainBackend);

/** Runs `body` with another tfjs backend. */
export function onBackend<T>(name: BackendName, body: () => T): T {
  const before = tf.getBackend();
  tf.setBackend(name);
  try {
    return body();
  } finally {
    tf.setBackend(before);
  }
}

/** Tensors that libtensorflow holds for us. */
export function nativeTensorCount(): number {
  const backend = tf.backend() as unknown as { getNumOfTFTensors?(): number };
  return backend.getNumOfTFTensors?.() ?? 0;
}

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/** `tfjs` is the plain package with its JavaScript backend: it runs everywhere, slowly. */
export type HostName = 'tfjs-node' | 'tfjs';

const require = createRequire(import.meta.url);
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

/** Loads the tfjs that was asked for. */
export function loadTensorFlow(name: HostName): TensorFlow {
  return require(`@tensorflow/${name}`) as TensorFlow;
}

/** Why tfjs-node cannot be loaded here; undefined when it can. Tries it in a process of its own. */
export function whyNoTfjsNode(): string | undefined {
  const load = `require(${JSON.stringify(require.resolve('@tensorflow/tfjs-node'))})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', load], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return /^\w*Error: .*/m.exec(stderr)?.[0] ?? `its process ended with status ${status}`;
}

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import type { TensorFlow } from '../demo/tensorflow.js';
import { type Contestant, local } from './timing.js';

/** Large enough to run at the machine's full rate, small enough to fit into a round. */
const size = 1536;
const operations = 2 * size ** 3;

/** What "SGEMM" means in every share, and how to let go of it. */
export interface Yardstick {
  readonly contestant: Contestant;
  close(): void;
}

/**
 * A square float32 product: by numpy's OpenBLAS where setup could install it, else by tfjs-node. OpenBLAS is the
 * harder yardstick: on an AVX-512 machine the libtensorflow of tfjs-node reached two thirds of its rate.
 */
export function openYardstick(tf: TensorFlow, threads: number): Yardstick {
  const state = fileURLToPath(new URL('../../.cache/setup.json', import.meta.url));
  const python = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).python : undefined;
  return python?.command ? numpyProduct(python, threads) : tensorFlowProduct(tf);
}

function tensorFlowProduct(tf: TensorFlow): Yardstick {
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  const run = () => tf.matMul(a, b).dispose();
  return { contestant: local('SGEMM (tfjs-node)', operations, run), close: () => tf.dispose([a, b]) };
}

function numpyProduct(python: { command: string; path: string }, threads: number): Yardstick {
  const script = fileURLToPath(new URL('./sgemm.py', import.meta.url));
  const child = spawn(python.command, [script, String(size)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONPATH: python.path, OPENBLAS_NUM_THREADS: String(threads) },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const time = async () => {
    child.stdin.write('\n');
    const answer = await answers.next();
    if (answer.done) throw new Error('the process that times numpy ended early');
    return Number(answer.value);
  };
  return { contestant: { name: 'SGEMM (OpenBLAS)', operations, time }, close: () => child.stdin.end() };
}

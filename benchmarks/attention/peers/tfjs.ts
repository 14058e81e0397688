import { createRequire } from 'node:module';
import { attention, register } from '@fa-metal/tfjs';
import type { TensorFlow } from '../../demo/tensorflow.js';
import type { Direction, Problem } from '../../report/schema.js';
import { type Call, makeCall } from '../call.js';
import type { Host, Loaded } from './host.js';

type Tensor4D = import('@tensorflow/tfjs-node').Tensor4D;
type Attend = (q: Tensor4D, k: Tensor4D, v: Tensor4D) => Tensor4D;

const require = createRequire(import.meta.url);

/**
 * tfjs's own ops, as its users write attention today (`tfjs-node`, `tfjs wasm`), and ours as an op of tfjs-node
 * (`fa-metal tfjs`). The number of threads comes from TF_NUM_INTRAOP_THREADS; wasm has one in Node.
 */
export async function openTensorFlow(backend: 'tfjs-node' | 'tfjs wasm'): Promise<Host> {
  const [tf, versions] = backend === 'tfjs wasm' ? await openWasm() : openNode();
  return {
    versions,
    load: async (contestant, problem) => {
      const attend = contestant.startsWith('fa-metal') ? fused(tf, problem) : stock(tf, problem);
      return new TensorFlowCall(tf, attend, makeCall(problem));
    },
  };
}

function openNode(): [TensorFlow, Record<string, string>] {
  const tf = require('@tensorflow/tfjs-node') as TensorFlow;
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  return [tf, { 'tfjs-node': tf.version.tfjs, libtensorflow: binding.TF_Version }];
}

async function openWasm(): Promise<[TensorFlow, Record<string, string>]> {
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  const { version_wasm: version } = require('@tensorflow/tfjs-backend-wasm') as { version_wasm: string };
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of tfjs did not start');
  return [tf, { 'tfjs wasm': version }];
}

/** Unfused attention; the causal mask is made once. */
function stock(tf: TensorFlow, { queries, keys, headDim, causal }: Problem): Attend {
  const future =
    causal && queries > 1 ? tf.sub(1, tf.linalg.bandPart(tf.ones([queries, keys]), -1, 0)).mul(-1e9) : undefined;
  return (q, k, v) =>
    tf.tidy(() => {
      const scores = tf.matMul(q, k, false, true).mul(1 / Math.sqrt(headDim));
      return tf.matMul(tf.softmax(future ? scores.add(future) : scores), v) as Tensor4D;
    });
}

function fused(tf: TensorFlow, { causal }: Problem): Attend {
  register(tf);
  return (q, k, v) => attention(q, k, v, { causal: causal ? 'bottomRight' : 'none' }) as Tensor4D;
}

class TensorFlowCall implements Loaded {
  private readonly inputs: readonly [Tensor4D, Tensor4D, Tensor4D];
  private readonly dOut: Tensor4D;

  constructor(
    private readonly tf: TensorFlow,
    private readonly attend: Attend,
    { q, k, v, dOut }: Call,
  ) {
    // Added to, they lie in TensorFlow's own memory, as tensors inside a model do.
    const four = ({ data, shape }: Call['q']) =>
      tf.tidy(() => tf.tensor4d(data as Float32Array, shape as [number, number, number, number]).add(0) as Tensor4D);
    this.inputs = [four(q), four(k), four(v)];
    this.dOut = four(dOut);
  }

  run(direction: Direction): void {
    this.tf.dispose(direction === 'forward' ? this.attend(...this.inputs) : this.gradients());
  }

  async results(direction: Direction): Promise<Record<string, ArrayLike<number>>> {
    const out = this.attend(...this.inputs);
    const results: Record<string, ArrayLike<number>> = { out: out.dataSync() };
    out.dispose();
    if (direction === 'forward') return results;
    const gradients = this.gradients();
    const [dq, dk, dv] = gradients.map((gradient) => gradient.dataSync());
    this.tf.dispose(gradients);
    return { ...results, dq: dq as ArrayLike<number>, dk: dk as ArrayLike<number>, dv: dv as ArrayLike<number> };
  }

  release(): void {
    this.tf.dispose([...this.inputs, this.dOut]);
  }

  private gradients(): Tensor4D[] {
    const attend = this.attend as unknown as (...inputs: import('@tensorflow/tfjs-node').Tensor[]) => Tensor4D;
    return this.tf.grads(attend)([...this.inputs], this.dOut) as Tensor4D[];
  }
}

import { createRequire } from 'node:module';
import { register } from '@fa-metal/onnxruntime';
import type * as OnnxRuntime from 'onnxruntime-node';
import { encodeModel } from '../../../adapters/onnxruntime/test/support/model.js';
import { makeCall } from '../call.js';
import type { Host, Loaded } from './host.js';
import { type Graph, graphOf, type OperatorName } from './onnx-graphs.js';

const require = createRequire(import.meta.url);

const operators: Readonly<Record<string, OperatorName>> = {
  'fa-metal onnxruntime': 'Attention',
  'ORT Attention': 'Attention',
  'ORT MultiHeadAttention': 'MultiHeadAttention',
  'ORT GroupQueryAttention': 'GroupQueryAttention',
};

/** Models of one node, run by ONNX Runtime's own kernels, or by ours as its execution provider (`fa-metal onnxruntime`). */
export function openOnnxRuntime(threads: number): Host {
  const ort = require('onnxruntime-node') as typeof OnnxRuntime;
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  return {
    versions: { 'onnxruntime-node': version },
    load: (contestant, problem) => {
      const ours = contestant.startsWith('fa-metal');
      if (ours) register(ort);
      return OnnxCall.open(ort, graphOf(operators[contestant] as OperatorName, makeCall(problem), ort.Tensor), {
        executionProviders: [ours ? 'fa-metal' : 'cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      });
    },
  };
}

class OnnxCall implements Loaded {
  private constructor(
    private readonly session: OnnxRuntime.InferenceSession,
    private readonly graph: Graph,
  ) {}

  static async open(ort: typeof OnnxRuntime, graph: Graph, options: OnnxRuntime.InferenceSession.SessionOptions) {
    return new OnnxCall(await ort.InferenceSession.create(encodeModel(graph.model), options), graph);
  }

  async run(): Promise<void> {
    await this.session.run(this.graph.feeds, this.graph.fetches);
  }

  async results(): Promise<Record<string, ArrayLike<number>>> {
    const { Y } = await this.session.run(this.graph.feeds, this.graph.fetches);
    return { out: this.graph.readOutput((Y as OnnxRuntime.Tensor).data as Float32Array) };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

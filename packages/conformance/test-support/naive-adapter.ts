import { naiveAttention, naiveAttentionBackward, type Problem } from '@fa-metal/reference';
import { numberFormats } from '../src/data/number-formats.js';
import { readValues } from '../src/data/tensor.js';
import type { Adapter, Call, DType, OutputName, Outputs, Tensor } from '../src/types.js';

type FloatDType = 'float32' | 'float16' | 'bfloat16';
const plain = (tensor: Tensor) => ({ data: readValues(tensor), shape: tensor.shape });
const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'data' in value;

function problemOf({ q, k, v, options }: Call): Problem {
  const entries = Object.entries(options).map(([name, value]) => {
    if (name === 'rope')
      return [name, { ...options.rope, cos: plain(options.rope!.cos), sin: plain(options.rope!.sin) }];
    return [name, isTensor(value) ? plain(value) : value];
  });
  return { q: plain(q), k: plain(k), v: plain(v), options: Object.fromEntries(entries) as object };
}

function encoded({ data, shape }: { data: Float64Array; shape: readonly number[] }, dtype: DType): Tensor {
  const { view, bytes, encode } = numberFormats[dtype];
  const stored = view(new ArrayBuffer(data.length * bytes), 0, data.length);
  stored.set(encode(data));
  return { data: stored, shape, dtype };
}

/** The plain implementation as an adapter: it must pass every case that is no refusal. */
export const naiveAdapter: Adapter = {
  name: 'naive',
  manifest: {
    notSupported: {},
    skipped: Object.fromEntries(
      ['kind', 'range', 'shape', 'dtype', 'memory', 'output', 'backward'].map((group) => [
        `refusals:${group}`,
        'checks nothing',
      ]),
    ),
  },
  run(call) {
    const problem = problemOf(call);
    const dtype = call.q.dtype as FloatDType;
    const { out, lse } = naiveAttention(problem, dtype);
    const outputs: Outputs = { out: encoded(out, dtype), lse: encoded(lse, 'float32') };
    if (call.dOut === undefined) return outputs;
    const gradients = naiveAttentionBackward(
      problem,
      { dOut: plain(call.dOut), ...(call.dLse && { dLse: plain(call.dLse) }) },
      dtype,
    );
    for (const [name, value] of Object.entries(gradients)) {
      if (name === 'dBias' && call.needs?.bias === false) continue;
      outputs[name as OutputName] = encoded(value, ['dq', 'dk', 'dv'].includes(name) ? dtype : 'float32');
    }
    return outputs;
  },
};

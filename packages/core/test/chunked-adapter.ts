import type { Adapter, Outputs, Tensor } from '@fa-metal/conformance';
import { type BackwardRunner, runChunkedBackward } from '../src/chunked/backward.js';
import { runChunked } from '../src/chunked/forward.js';
import type { AttentionOptions, KeyValueGradients } from '../src/index.js';
import { notSupported } from '../test-support/not-supported.js';

/** attentionChunked and its gradients, held to the truth of one call over all keys. */
export function chunkedAdapter(name: string, device: BackwardRunner, chunkLength: number): Adapter {
  const byItself = 'refused by name: it has to be known how many keys came before';
  return {
    name,
    manifest: {
      notSupported: { ...notSupported('cpu'), dropout: byItself, varlen: byItself, paged: byItself },
      skipped: Object.fromEntries(
        ['kind', 'range', 'shape', 'dtype', 'memory', 'output', 'backward'].map((group) => [
          `refusals:${group}`,
          'attention-chunked.test.ts has refusals of its own',
        ]),
      ),
      gradientsFromLse: true,
    },
    async run({ q, k, v, options, dOut, dLse, needs, forwardResults }) {
      const chunks = { k, v, chunkLength };
      const given = options as AttentionOptions;
      const forward = { ...(await runChunked(device, q, chunks, given)), ...forwardResults };
      if (dOut === undefined) return forward;
      const inputs = { q, chunks, ...forward, dOut, ...(dLse && { dLse }), ...(needs && { needs }) };
      const { chunks: pieces, ...gradients } = await runChunkedBackward(device, inputs, given);
      const axis = given.layout === 'blhd' ? 1 : 2;
      const joined = (which: keyof KeyValueGradients) =>
        concatenate(
          pieces.map((piece) => piece[which]),
          axis,
        );
      return { ...forward, ...gradients, dk: joined('dk'), dv: joined('dv') } as Outputs;
    },
  };
}

/** Dense tensors, one after the other along an axis. */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors as [Tensor];
  const shape = [...first.shape];
  shape[axis] = tensors.reduce((sum, tensor) => sum + (tensor.shape[axis] ?? 0), 0);
  const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const outer = count(shape.slice(0, axis));
  const parts = tensors.map(({ data }) => data as Float32Array);
  const data = new (parts[0]!.constructor as typeof Float32Array)(count(shape));
  let target = 0;
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const length = part.length / outer;
      data.set(part.subarray(row * length, (row + 1) * length), target);
      target += length;
    }
  }
  return { data, shape, dtype: first.dtype };
}

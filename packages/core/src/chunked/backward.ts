import { readNeeds } from '../attention-backward.js';
import { inOperation, invalidArgument } from '../errors.js';
import { readObject } from '../read-object.js';
import { readTensor, zeros } from '../tensor.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  DType,
  NeededGradients,
  Tensor,
} from '../types.js';
import type { ChunkedAttentionOptions, ChunkedProblem } from './chunked-problem.js';
import type { KeyValueChunks, Piece } from './chunks.js';
import { fromFloat32, widened } from './float-rows.js';
import { callOf, type Runner, readCall } from './forward.js';
import { GradientSums } from './gradient-sums.js';
import { sliceBatch } from './slices.js';

/** Gradients of one piece, in the shapes and the dtype of its k and v. */
export type KeyValueGradients = Pick<AttentionGradients, 'dk' | 'dv'>;

/** What `attentionChunkedBackward` takes. */
export interface ChunkedBackwardInputs
  extends Pick<AttentionBackwardInputs, 'q' | 'out' | 'lse' | 'dOut' | 'dLse' | 'needs'> {
  /** The pieces of the forward call, once more. */
  chunks: KeyValueChunks;
  /** Takes the gradients of each piece as soon as they are there; without it they are kept and given back. */
  onChunk?: (gradients: KeyValueGradients, index: number) => void | Promise<void>;
}

/** Gradients over keys in pieces; the optional ones as in `attentionBackward`. */
export interface ChunkedGradients extends Omit<AttentionGradients, 'dk' | 'dv'> {
  /** By piece; empty where `onChunk` took them. */
  chunks: KeyValueGradients[];
}

export interface BackwardRunner extends Runner {
  attentionBackward(inputs: AttentionBackwardInputs, options?: AttentionOptions): Promise<AttentionGradients>;
}

const operation = 'attentionChunkedBackward';
const inputNames = ['q', 'chunks', 'out', 'lse', 'dOut', 'dLse', 'needs', 'onChunk'];

/** Gradients of `runChunked`. @throws FaMetalError */
export async function runChunkedBackward(
  device: BackwardRunner,
  inputs: ChunkedBackwardInputs,
  options: ChunkedAttentionOptions | undefined,
): Promise<ChunkedGradients> {
  const { chunks, onChunk, needs, rows } = readInputs(inputs);
  const { problem, pieces } = readCall(operation, inputs.q, chunks, options);
  const sums = new GradientSums(problem, needs);
  const kept: KeyValueGradients[] = [];
  const { dtype } = problem.q;
  const backward = inOperation(operation, () => ({
    device,
    problem: { ...problem, q: widened('q', problem.q, dtype) },
    rows: { ...rows, out: widened('out', rows.out, dtype), dOut: widened('dOut', rows.dOut, dtype) },
    needs,
    sums,
  }));
  for await (const { k, v, ...place } of pieces) {
    const piece = inOperation(operation, () => ({ ...place, k: widened('k', k, dtype), v: widened('v', v, dtype) }));
    const { dk, dv } = await pieceGradients(backward, piece);
    const gradients = { dk: rounded(dk, dtype), dv: rounded(dv, dtype) };
    if (onChunk) await onChunk(gradients, place.index);
    else kept.push(gradients);
  }
  return { ...sums.results(), chunks: kept };
}

function rounded(gradient: Tensor, dtype: DType): Tensor {
  return fromFloat32(gradient.data as Float32Array, gradient.shape, dtype);
}

type RowInputs = Pick<AttentionBackwardInputs, 'out' | 'lse' | 'dOut' | 'dLse'>;

function readInputs(inputs: ChunkedBackwardInputs) {
  return inOperation(operation, () => {
    const { chunks, onChunk, needs, out, lse, dOut, dLse } = readObject('inputs', inputs, inputNames);
    if (onChunk !== undefined && typeof onChunk !== 'function') throw invalidArgument('onChunk', 'a function', onChunk);
    const rows: RowInputs = {
      out: readTensor('out', out),
      lse: readTensor('lse', lse),
      dOut: readTensor('dOut', dOut),
      ...(dLse && { dLse: readTensor('dLse', dLse) }),
    };
    return { chunks, onChunk, needs: readNeeds(needs), rows };
  });
}

interface Backward {
  device: BackwardRunner;
  problem: ChunkedProblem;
  rows: RowInputs;
  needs: NeededGradients;
  sums: GradientSums;
}

async function pieceGradients(backward: Backward, piece: Piece): Promise<KeyValueGradients> {
  const { problem } = backward;
  const { q, groups } = problem;
  if (groups[0] === 'all') {
    const gradients = await groupGradients(backward, 'all', piece);
    if (gradients) return gradients;
  }
  const whole = { dk: zeros('dk', piece.k.shape, q.dtype), dv: zeros('dv', piece.v.shape, q.dtype) };
  for (const group of groups) {
    if (group === 'all') continue; // nobody sees the piece
    const gradients = await groupGradients(backward, group, piece);
    if (!gradients) continue;
    placeBatch(gradients.dk, whole.dk, group);
    placeBatch(gradients.dv, whole.dv, group);
  }
  return whole;
}

/** dk and dv of a group's batch entries, while the rest is summed; undefined where no row sees the piece. */
async function groupGradients(
  { device, problem, rows, needs, sums }: Backward,
  group: ChunkedProblem['groups'][number],
  piece: Piece,
): Promise<KeyValueGradients | undefined> {
  const { visible, options, ...tensors } = callOf(operation, problem, group, piece);
  if (!visible) {
    device.plan({ ...tensors, options, direction: 'backward', needs });
    return undefined;
  }
  const own = (tensor: Tensor) => (group === 'all' ? tensor : sliceBatch(tensor, group));
  const { dLse, out, lse, dOut } = rows;
  const given = { out: own(out), lse: own(lse), dOut: own(dOut), ...(dLse && { dLse: own(dLse) }), needs };
  const gradients = await device.attentionBackward({ ...tensors, ...given }, options);
  sums.add(gradients, group, piece);
  return { dk: gradients.dk, dv: gradients.dv };
}

function placeBatch(from: Tensor, to: Tensor, batch: number): void {
  const [source, target] = [from.data as Float32Array, to.data as Float32Array];
  target.set(source, batch * source.length);
}

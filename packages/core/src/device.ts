import { prepareForward } from './attention.js';
import { prepareBackward } from './attention-backward.js';
import { type ChunkedBackwardInputs, type ChunkedGradients, runChunkedBackward } from './chunked/backward.js';
import type { ChunkedAttentionOptions } from './chunked/chunked-problem.js';
import type { KeyValueChunks } from './chunked/chunks.js';
import { runChunked } from './chunked/forward.js';
import { callNative, inOperation } from './errors.js';
import { OpenBackend } from './open-backend.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  Tensor,
} from './types.js';

/**
 * A backend that is open. Get one from `openDevice`; `close` it when done.
 *
 * The asynchronous methods compute on a worker thread and settle later; whatever is wrong with a call rejects its
 * promise. Until it settles, do not write to the tensors handed in, and do not transfer their buffers.
 */
export class Device extends OpenBackend {
  /**
   * Fused attention.
   *
   * @param q [B, Hq, Lq, D] float32, float16 or bfloat16; [B, Lq, Hq, D] with layout `blhd`, and so for k, v, out
   * @param k [B, Hkv, Lk, D], dtype of q
   * @param v [B, Hkv, Lk, Dv], dtype of q
   * @returns out [B, Hq, Lq, Dv] in the dtype of q, lse [B, Hq, Lq] float32
   * @throws FaMetalError (as a rejection)
   */
  async attention(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): Promise<AttentionResult> {
    this.expectOpen('attention');
    const { call, result } = prepareForward(this.native, { q, k, v, options });
    await this.settle('attention', () => this.native.forwardAsync(call));
    return result;
  }

  /** As `attention`, computed before it returns. */
  attentionSync(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): AttentionResult {
    this.expectOpen('attention');
    const { call, result } = prepareForward(this.native, { q, k, v, options });
    inOperation('attention', () => callNative(() => this.native.forward(call)));
    return result;
  }

  /**
   * Gradients of `attention`.
   *
   * @param inputs what went into `attention`, what it gave back, and the gradients of that; hand over
   *   `softmaxStats` too if there is one, for gradients that do not inherit the rounding of lse
   * @param options the same as in the forward call
   * @returns dq, dk, dv in the shapes and dtypes of q, k, v; dBias, dAlibiSlopes, dSinks in float32
   * @throws FaMetalError (as a rejection); `UNSUPPORTED_GRADIENT` for one that the backend does not compute
   */
  async attentionBackward(inputs: AttentionBackwardInputs, options?: AttentionOptions): Promise<AttentionGradients> {
    this.expectOpen('attentionBackward');
    const { call, result } = prepareBackward(this.native, this.opened, inputs, options);
    await this.settle('attentionBackward', () => this.native.backwardAsync(call));
    return result;
  }

  /** As `attentionBackward`, computed before it returns. */
  attentionBackwardSync(inputs: AttentionBackwardInputs, options?: AttentionOptions): AttentionGradients {
    this.expectOpen('attentionBackward');
    const { call, result } = prepareBackward(this.native, this.opened, inputs, options);
    inOperation('attentionBackward', () => callNative(() => this.native.backward(call)));
    return result;
  }

  /**
   * `attention` over keys and values that need not be in one buffer, or in memory at once: each piece is one call, and
   * the results are merged. The same as one call over all keys, to rounding.
   *
   * @param q as in `attention`
   * @param chunks an array or an (async) iterable of pieces { k, v }, or { k, v, chunkLength } to cut one tensor
   * @param options those of `attention`, for all keys: mask, bias and the scales of int8 keys have all of them, diagonals and
   *   positions are counted in all of them. dropout, packed sequences and pages are refused by name
   * @returns out [B, Hq, Lq, Dv] in the dtype of q, lse [B, Hq, Lq] float32
   * @throws FaMetalError (as a rejection)
   */
  async attentionChunked(
    q: Tensor,
    chunks: KeyValueChunks,
    options?: ChunkedAttentionOptions,
  ): Promise<Pick<AttentionResult, 'out' | 'lse'>> {
    this.expectOpen('attentionChunked');
    return runChunked(this, q, chunks, options);
  }

  /**
   * Gradients of `attentionChunked`, piece by piece.
   *
   * @param inputs q and the pieces of the forward call, what it gave back, and the gradients of that
   * @param options the same as in the forward call
   * @returns dq, `chunks` with dk and dv of each piece, and the gradients of options in float32; 16-bit inputs are
   *   computed and summed in float32, and rounded once
   * @throws FaMetalError (as a rejection)
   */
  async attentionChunkedBackward(
    inputs: ChunkedBackwardInputs,
    options?: ChunkedAttentionOptions,
  ): Promise<ChunkedGradients> {
    this.expectOpen('attentionChunkedBackward');
    return runChunkedBackward(this, inputs, options);
  }
}

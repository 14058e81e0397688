import { allocate } from './allocate.js';
import { prepareForward } from './attention.js';
import { prepareBackward, wantedGradients } from './attention-backward.js';
import { type ChunkedBackwardInputs, type ChunkedGradients, runChunkedBackward } from './chunked/backward.js';
import type { ChunkedAttentionOptions } from './chunked/chunked-problem.js';
import type { KeyValueChunks } from './chunked/chunks.js';
import { runChunked } from './chunked/forward.js';
import { callNative, FaMetalError, fromNative, inOperation, refusal } from './errors.js';
import type { NativeAddon, NativeDevice } from './native.js';
import { readProblem } from './problem.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  DeviceInfo,
  DType,
  Plan,
  ProblemDescription,
  Supports,
  Tensor,
} from './types.js';

/**
 * A backend that is open. Get one from `openDevice`; `close` it when done.
 *
 * The asynchronous methods compute on a worker thread and settle later; whatever is wrong with a call rejects its
 * promise. Until it settles, do not write to the tensors handed in, and do not transfer their buffers.
 */
export class Device {
  /** For adapters; not part of the public interface. */
  readonly native: NativeDevice;
  readonly #addon: NativeAddon;
  /** As it was at first; enough for what never changes. */
  readonly #opened: DeviceInfo;
  #closed = false;

  /** Use `openDevice`. */
  constructor(addon: NativeAddon, native: NativeDevice) {
    this.#addon = addon;
    this.native = native;
    this.#opened = native.info();
  }

  /** What it is, and which kernels it has checked so far. */
  get info(): DeviceInfo {
    return Object.freeze(this.native.info());
  }

  get closed(): boolean {
    return this.#closed;
  }

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
    this.#expectOpen('attention');
    const { call, result } = prepareForward(this.native, { q, k, v, options });
    await this.#settle('attention', () => this.native.forwardAsync(call));
    return result;
  }

  /** As `attention`, computed before it returns. */
  attentionSync(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): AttentionResult {
    this.#expectOpen('attention');
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
    this.#expectOpen('attentionBackward');
    const { call, result } = prepareBackward(this.native, this.#opened, inputs, options);
    await this.#settle('attentionBackward', () => this.native.backwardAsync(call));
    return result;
  }

  /** As `attentionBackward`, computed before it returns. */
  attentionBackwardSync(inputs: AttentionBackwardInputs, options?: AttentionOptions): AttentionGradients {
    this.#expectOpen('attentionBackward');
    const { call, result } = prepareBackward(this.native, this.#opened, inputs, options);
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
    this.#expectOpen('attentionChunked');
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
    this.#expectOpen('attentionChunkedBackward');
    return runChunkedBackward(this, inputs, options);
  }

  /** Whether a problem can run here, and if not, the refusal that a call would end in. Looks at no data. */
  supports(problem: ProblemDescription): Supports {
    this.#expectOpen('supports');
    try {
      this.plan(problem);
      return { ok: true };
    } catch (error) {
      if (!FaMetalError.isInstance(error) || error.code === 'INTERNAL') throw error;
      const { code, argument, message } = error;
      return { ok: false, code, reason: message, ...(argument !== undefined && { argument }) };
    }
  }

  /**
   * The kernel that a problem would run on, and why. Pure: the same problem always gives the same plan.
   *
   * @throws FaMetalError the refusal that a call would end in
   */
  plan(problem: ProblemDescription): Plan {
    this.#expectOpen('plan');
    return inOperation(problem?.direction === 'backward' ? 'attentionBackward' : 'attention', () => {
      const described = readProblem(problem);
      const plan = callNative(() => this.native.plan(described));
      if (described.direction === 'backward') wantedGradients(this.#opened, described.options, described.needs);
      return plan;
    });
  }

  /**
   * Compiles the kernels of these problems ahead of their first call, and on a real GPU compares them with the cpu
   * backend. Touches no data of yours; the cpu backend has nothing to do.
   *
   * @throws FaMetalError (as a rejection) the refusal that a call would end in, or `COMPILE_FAILED`
   */
  async warmup(...problems: ProblemDescription[]): Promise<void> {
    this.#expectOpen('warmup');
    for (const problem of problems) this.plan(problem);
    const described = problems.map(readProblem);
    await this.#settle('warmup', async () => {
      await Promise.all(described.map((problem) => this.native.warmUpAsync(problem)));
    });
  }

  /**
   * A tensor of zeros in memory pages of its own, which a GPU can read without a copy. The pages are given back
   * some time after the tensor is garbage, and not before the event loop turns.
   *
   * @throws FaMetalError `OUT_OF_MEMORY`, `SIZE_OVERFLOW`, `INVALID_ARGUMENT`
   */
  alloc(shape: readonly number[], dtype: DType): Tensor {
    this.#expectOpen('alloc');
    return inOperation('alloc', () => allocate(this.#addon, shape, dtype));
  }

  /** Frees the device after the calls in flight. Idempotent; later calls end in `DEVICE_CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    callNative(() => this.native.close());
  }

  #expectOpen(operation: string): void {
    if (!this.#closed) return;
    inOperation(operation, () => {
      throw refusal({ code: 'DEVICE_CLOSED', argument: 'device', expected: 'an open device', got: 'a closed one' });
    });
  }

  async #settle(operation: string, start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      throw inOperation(operation, () => fromNative(error));
    }
  }
}

import { allocate } from './allocate.js';
import { wantedGradients } from './attention-backward.js';
import { callNative, FaMetalError, fromNative, inOperation, refusal } from './errors.js';
import type { NativeAddon, NativeDevice } from './native.js';
import { readProblem } from './problem.js';
import type { DeviceInfo, DType, Plan, ProblemDescription, Supports, Tensor } from './types.js';

/** What is open: what it is, what it would run, memory of it, and its end. `Device` adds the operations. */
export class OpenBackend {
  /** For adapters; not part of the public interface. */
  readonly native: NativeDevice;
  readonly #addon: NativeAddon;
  /** As it was at first; enough for what never changes. */
  protected readonly opened: DeviceInfo;
  #closed = false;

  /** Use `openDevice`. */
  constructor(addon: NativeAddon, native: NativeDevice) {
    this.#addon = addon;
    this.native = native;
    this.opened = native.info();
  }

  /** What it is, and which kernels it has checked so far. */
  get info(): DeviceInfo {
    return Object.freeze(this.native.info());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a problem can run here, and if not, the refusal that a call would end in. Looks at no data. */
  supports(problem: ProblemDescription): Supports {
    this.expectOpen('supports');
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
   * The kernel that a problem would run on, why, and on metal what a model says of its cost. Pure: the same problem always
   * gives the same plan.
   *
   * @throws FaMetalError the refusal that a call would end in
   */
  plan(problem: ProblemDescription): Plan {
    this.expectOpen('plan');
    return inOperation(problem?.direction === 'backward' ? 'attentionBackward' : 'attention', () => {
      const described = readProblem(problem);
      const plan = callNative(() => this.native.plan(described));
      if (described.direction === 'backward') wantedGradients(this.opened, described.options, described.needs);
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
    this.expectOpen('warmup');
    for (const problem of problems) this.plan(problem);
    const described = problems.map(readProblem);
    await this.settle('warmup', async () => {
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
    this.expectOpen('alloc');
    return inOperation('alloc', () => allocate(this.#addon, shape, dtype));
  }

  /** Frees the device after the calls in flight. Idempotent; later calls end in `DEVICE_CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    callNative(() => this.native.close());
  }

  protected expectOpen(operation: string): void {
    if (!this.#closed) return;
    inOperation(operation, () => {
      throw refusal({ code: 'DEVICE_CLOSED', argument: 'device', expected: 'an open device', got: 'a closed one' });
    });
  }

  protected async settle(operation: string, start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      throw inOperation(operation, () => fromNative(error));
    }
  }
}

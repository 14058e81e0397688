import { callNative, fromNative, inOperation } from '@fa-metal/core';
import type { InferenceSession, InferenceSessionHandler, SessionHandler } from 'onnxruntime-common';
import type { NativeMetadata, NativeRun, NativeSession, NodeAssignment } from './native.js';
import { readRunOptions } from './settings.js';
import { fromResult, toNative } from './tensors.js';

/** Marks our handlers for any copy of this package. */
const marker = Symbol.for('fa-metal.onnxruntime.session');

/** What runs behind an InferenceSession that was created with our execution provider. */
export class FaMetalSessionHandler implements InferenceSessionHandler {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly #native: NativeSession;
  readonly #running = new Set<Promise<unknown>>();

  constructor(native: NativeSession) {
    this.#native = native;
    this.inputMetadata = native.inputs.map(toMetadata);
    this.outputMetadata = native.outputs.map(toMetadata);
    this.inputNames = this.inputMetadata.map(({ name }) => name);
    this.outputNames = this.outputMetadata.map(({ name }) => name);
  }

  get [marker](): readonly NodeAssignment[] {
    return this.#native.assignment;
  }

  /** On a worker thread. Until it settles, do not write to the tensors handed in, and do not transfer their buffers. */
  async run(
    feeds: SessionHandler.FeedsType,
    fetches: SessionHandler.FetchesType,
    options: InferenceSession.RunOptions,
  ): Promise<SessionHandler.ReturnType> {
    const call = inOperation('run', () => toCall(feeds, fetches, options));
    const results = await this.#track(() => this.#native.run(call));
    const values: SessionHandler.ReturnType = {};
    for (const [name, fetch] of Object.entries(fetches)) {
      const result = results[name];
      if (result) values[name] = fromResult(result);
      else if (fetch) values[name] = fetch;
    }
    return values;
  }

  /** Waits for runs in flight. A run that starts later is refused. */
  async dispose(): Promise<void> {
    this.#native.dispose();
    await Promise.allSettled(this.#running);
  }

  /** Profiling starts with the session, where its options ask for it. */
  startProfiling(): void {}

  endProfiling(): void {
    callNative(() => this.#native.endProfiling());
  }

  async #track<T>(start: () => Promise<T>): Promise<T> {
    let running: Promise<T> | undefined;
    try {
      running = start();
      this.#running.add(running);
      return await running;
    } catch (error) {
      throw fromNative(error);
    } finally {
      if (running) this.#running.delete(running);
    }
  }
}

/** The assignment of a session of ours, else nothing. */
export function assignmentOf(session: unknown): readonly NodeAssignment[] | undefined {
  const { handler } = (session ?? {}) as { handler?: { [marker]?: readonly NodeAssignment[] } };
  return handler?.[marker];
}

function toCall(
  feeds: SessionHandler.FeedsType,
  fetches: SessionHandler.FetchesType,
  options: InferenceSession.RunOptions,
): NativeRun {
  const call: NativeRun = { feeds: {}, fetches: {}, settings: readRunOptions(options ?? {}) };
  for (const [name, value] of Object.entries(feeds)) call.feeds[name] = toNative(value, `feeds.${name}`);
  for (const [name, value] of Object.entries(fetches)) {
    call.fetches[name] = value ? toNative(value, `fetches.${name}`) : null;
  }
  return call;
}

function toMetadata(native: NativeMetadata): InferenceSession.ValueMetadata {
  return native as InferenceSession.ValueMetadata;
}

import { fromNative, inOperation } from '@fa-metal/core';
import type { Backend, InferenceSession, InferenceSessionHandler } from 'onnxruntime-common';
import type { NativeHost } from './native.js';
import { FaMetalSessionHandler } from './session-handler.js';
import { readSessionOptions } from './settings.js';

/** Our entry in onnxruntime-common's registry of backends. */
export class FaMetalBackend implements Backend {
  readonly host: NativeHost;

  constructor(host: NativeHost) {
    this.host = host;
  }

  async init(): Promise<void> {}

  async createInferenceSessionHandler(
    model: string | Uint8Array,
    options: InferenceSession.SessionOptions = {},
  ): Promise<InferenceSessionHandler> {
    const settings = inOperation('createSession', () => readSessionOptions(options));
    try {
      return new FaMetalSessionHandler(await this.host.createSession(model, settings));
    } catch (error) {
      throw fromNative(error);
    }
  }
}

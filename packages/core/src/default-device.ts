import type { ChunkedBackwardInputs, ChunkedGradients } from './chunked/backward.js';
import type { ChunkedAttentionOptions } from './chunked/chunked-problem.js';
import type { KeyValueChunks } from './chunked/chunks.js';
import type { Device } from './device.js';
import { openDeviceSync } from './open-device.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  Tensor,
} from './types.js';

let opened: Device | undefined;

/** The device of the functions below; opened at their first call as the FA_METAL_* variables say, and never closed. */
function defaultDevice(): Device {
  opened ??= openDeviceSync();
  return opened;
}

/** `Device.attention` on a default device. */
export async function attention(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): Promise<AttentionResult> {
  return defaultDevice().attention(q, k, v, options);
}

/** `Device.attentionSync` on a default device. */
export function attentionSync(q: Tensor, k: Tensor, v: Tensor, options?: AttentionOptions): AttentionResult {
  return defaultDevice().attentionSync(q, k, v, options);
}

/** `Device.attentionBackward` on a default device. */
export async function attentionBackward(
  inputs: AttentionBackwardInputs,
  options?: AttentionOptions,
): Promise<AttentionGradients> {
  return defaultDevice().attentionBackward(inputs, options);
}

/** `Device.attentionBackwardSync` on a default device. */
export function attentionBackwardSync(inputs: AttentionBackwardInputs, options?: AttentionOptions): AttentionGradients {
  return defaultDevice().attentionBackwardSync(inputs, options);
}

/** `Device.attentionChunked` on a default device. */
export async function attentionChunked(
  q: Tensor,
  chunks: KeyValueChunks,
  options?: ChunkedAttentionOptions,
): Promise<Pick<AttentionResult, 'out' | 'lse'>> {
  return defaultDevice().attentionChunked(q, chunks, options);
}

/** `Device.attentionChunkedBackward` on a default device. */
export async function attentionChunkedBackward(
  inputs: ChunkedBackwardInputs,
  options?: ChunkedAttentionOptions,
): Promise<ChunkedGradients> {
  return defaultDevice().attentionChunkedBackward(inputs, options);
}

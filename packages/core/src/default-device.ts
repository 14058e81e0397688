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

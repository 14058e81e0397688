export type { ChunkedBackwardInputs, ChunkedGradients, KeyValueGradients } from './chunked/backward.js';
export type { ChunkedAttentionOptions } from './chunked/chunked-problem.js';
export type { KeyValueChunk, KeyValueChunks } from './chunked/chunks.js';
export {
  attention,
  attentionBackward,
  attentionBackwardSync,
  attentionChunked,
  attentionChunkedBackward,
  attentionSync,
} from './default-device.js';
export { Device } from './device.js';
export { type DropoutMaskOptions, dropoutMask } from './dropout-mask.js';
export {
  callNative,
  FaMetalError,
  type FaMetalErrorDetails,
  fromNative,
  inOperation,
  invalidArgument,
  type Refusal,
  refusal,
} from './errors.js';
export { type ErrorCode, errorMeanings } from './generated/errors.js';
export { supportedGradients, supportedOptions } from './generated/options.js';
export { type LoadedLibrary, loadLibrary, nativeLibraryPath } from './loader.js';
export { mergeAttention } from './merge-attention.js';
export type * from './native.js';
export { deviceConfig, openDevice, openDeviceSync } from './open-device.js';
export { readOptions } from './options.js';
export type { PartialAttention } from './partial-attention.js';
export { readObject } from './read-object.js';
export type * from './types.js';
export { packageVersion as version } from './version.js';

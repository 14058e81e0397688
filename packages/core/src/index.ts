export { attention, attentionBackward, attentionBackwardSync, attentionSync } from './default-device.js';
export { Device } from './device.js';
export { FaMetalError, type FaMetalErrorDetails } from './errors.js';
export { type ErrorCode, errorMeanings } from './generated/errors.js';
export { type LoadedLibrary, loadLibrary, nativeLibraryPath } from './loader.js';
export type * from './native.js';
export { openDevice, openDeviceSync } from './open-device.js';
export type * from './types.js';
export { packageVersion as version } from './version.js';

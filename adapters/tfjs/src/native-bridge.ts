import type { DeviceInfo, ErrorCode, NativeDeviceConfig } from '@fa-metal/core';

/** What native/addon/tensorflow_binding.cc exports. */
export interface NativeBridge {
  /**
   * Adds our ops to the TensorFlow of this process, once. Throws with `HOST_INCOMPATIBLE` where there is none, or where
   * it lacks a function.
   */
  register(config: NativeDeviceConfig): { forward: string; backward: string; device: number; info: DeviceInfo };
  /** The error that a kernel ended in, once. */
  takeFailure(number: number): { code: ErrorCode; argument: string; message: string } | undefined;
  /** Paths of the TensorFlow libraries that this process has loaded. */
  loadedLibraries(): string[];
}

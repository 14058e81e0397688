import { type DeviceInfo, loadLibrary } from '@fa-metal/core';

/** What native/addon/onnxruntime_binding.cc exports. Everything it throws carries `code` and `argument`. */
interface NativeBinding {
  /** Registers our provider in the ONNX Runtime that this process has loaded, preferring one inside `folder`. */
  attach(folder: string): NativeHost;
}

export interface NativeHost {
  /** Of ONNX Runtime. */
  version: string;
  /** Path of its library. */
  library: string;
  device: DeviceInfo;
  createSession(model: string | Uint8Array, settings: NativeSessionSettings): Promise<NativeSession>;
}

export interface NativeSession {
  inputs: NativeMetadata[];
  outputs: NativeMetadata[];
  assignment: NodeAssignment[];
  /** Resolves to a tensor for every fetch that is null; the others are filled in place. */
  run(call: NativeRun): Promise<Record<string, NativeResult>>;
  /** Path of the profile. */
  endProfiling(): string;
  /** Runs in flight go on; ONNX Runtime's session ends with the last of them. */
  dispose(): void;
}

export interface NativeMetadata {
  name: string;
  isTensor: boolean;
  /** '' where onnxruntime-common has no name for it. */
  type?: string;
  shape?: (number | string)[];
}

/** Where one node of a model runs. */
export interface NodeAssignment {
  /** As in the model; may be empty. */
  name: string;
  /** '' for ONNX's own operators. */
  domain: string;
  opType: string;
  /** Name of the node's first output. */
  output: string;
  provider: 'fa-metal' | 'cpu';
  /** Why it runs there. */
  reason: string;
}

export interface NativeTensor {
  type: string;
  dims: readonly number[];
  data: unknown;
}

export interface NativeRun {
  feeds: Record<string, NativeTensor>;
  fetches: Record<string, NativeTensor | null>;
  settings: NativeRunSettings;
}

export interface NativeResult {
  type: string;
  dims: number[];
  buffer: ArrayBuffer;
}

export interface NativeRunSettings {
  logSeverityLevel?: number;
  logVerbosityLevel?: number;
  tag?: string;
  extra?: Record<string, string>;
}

export interface NativeSessionSettings extends Omit<NativeRunSettings, 'tag'> {
  graphOptimizationLevel?: number;
  executionMode?: number;
  intraOpNumThreads?: number;
  interOpNumThreads?: number;
  enableCpuMemArena?: boolean;
  enableMemPattern?: boolean;
  logId?: string;
  optimizedModelFilePath?: string;
  /** Profiling is on iff this is given. */
  profileFilePrefix?: string;
  freeDimensionOverrides?: Record<string, number>;
}

/** @throws FaMetalError `LIBRARY_NOT_FOUND` */
export function nativeBinding(): NativeBinding {
  return loadLibrary().addon.onnxruntime as unknown as NativeBinding;
}

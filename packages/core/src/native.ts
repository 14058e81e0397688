import type { AttentionOptions, DeviceInfo, Plan, ProblemDescription, Tensor } from './types.js';

/**
 * What the native binary exports (native/addon). Everything it throws is an `Error` with the string properties
 * `code` (kernels/variants/errors.json) and `argument` (empty when none is at fault).
 */
export interface NativeAddon {
  readonly version: string;
  openDevice(config: NativeDeviceConfig): NativeDevice;
  /** Instruction sets this binary has and this CPU can run, best first. */
  instructionSets(): string[];
  /** Zeroed memory in pages of its own; fewer than `bytes` are never given. */
  allocate(bytes: number): ArrayBuffer;
  tensorflow: NativeTensorFlow;
  onnxruntime: NativeOnnxRuntime;
}

export interface NativeDeviceConfig {
  backend: 'auto' | 'metal' | 'cpu';
  device: 'system' | 'software';
  /** 0 = one per core. */
  threads: number;
  /** cpu only: force an instruction set; '' = best. */
  isa: string;
}

/** Field names are those of the public API, so that messages name what the caller wrote. */
export interface NativeForwardCall {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  out: Tensor;
  lse?: Tensor;
  softmaxStats?: Tensor;
  options: AttentionOptions;
}

export interface NativeBackwardCall {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  out: Tensor;
  lse: Tensor;
  dOut: Tensor;
  dLse?: Tensor;
  softmaxStats?: Tensor;
  dq: Tensor;
  dk: Tensor;
  dv: Tensor;
  dBias?: Tensor;
  dAlibiSlopes?: Tensor;
  dSinks?: Tensor;
  options: AttentionOptions;
}

/** As the public one. */
export type NativeProblem = ProblemDescription;

export interface NativeDevice {
  info(): DeviceInfo;
  /** Throws the refusal. */
  plan(problem: NativeProblem): Plan;
  forward(call: NativeForwardCall): void;
  backward(call: NativeBackwardCall): void;
  /** On a worker thread; every buffer of the call is held until it settles. */
  forwardAsync(call: NativeForwardCall): Promise<void>;
  backwardAsync(call: NativeBackwardCall): Promise<void>;
  /** Compiles on a worker thread what calls of this kind need; throws the refusal. */
  warmUpAsync(problem: NativeProblem): Promise<void>;
  close(): void;
}

/** Owned by the tfjs bridge; see native/addon/tensorflow_binding.cc. */
export interface NativeTensorFlow {
  [name: string]: unknown;
}

/** Owned by the ONNX Runtime bridge; see native/addon/onnxruntime_binding.cc. */
export interface NativeOnnxRuntime {
  [name: string]: unknown;
}

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callNative, type DeviceInfo, FaMetalError, inOperation, nativeLibraryPath, refusal } from '@fa-metal/core';
import type { Backend, InferenceSession } from 'onnxruntime-common';
import { FaMetalBackend } from './backend.js';
import { type NativeHost, type NodeAssignment, nativeBinding } from './native.js';
import { assignmentOf } from './session-handler.js';

/** Any module that has onnxruntime-common's `registerBackend`: onnxruntime-node, as imported or required. */
export interface OnnxRuntimeModule {
  registerBackend(name: string, backend: Backend, priority: number): void;
}

export interface RegistrationInfo {
  /** Of ONNX Runtime, e.g. `1.30.0`. */
  onnxruntime: string;
  /** Path of ONNX Runtime's library, loaded by onnxruntime-node. */
  library: string;
  /** What our nodes run on. */
  device: DeviceInfo;
}

export interface Registration {
  readonly info: RegistrationInfo;
  /**
   * Where each node of a session's model runs, and why.
   *
   * @throws FaMetalError `INVALID_ARGUMENT` for a session that was not created with `fa-metal`
   */
  assignment(session: InferenceSession): readonly NodeAssignment[];
}

/** As users write it in `executionProviders`. */
const providerName = 'fa-metal';
/** Below 0: never chosen unless it is asked for by name. */
const priority = -1;
/** One backend object per process, since the registry refuses a second one of the same name. */
const shared = Symbol.for('fa-metal.onnxruntime.backend');

/**
 * Makes `executionProviders: ['fa-metal']` known to onnxruntime-node. Idempotent; a second copy of this package joins
 * the first one's registration.
 *
 * @param ort onnxruntime-node as your code imports it; default: the copy that this package finds
 * @throws FaMetalError `HOST_INCOMPATIBLE` (no ONNX Runtime, or one before 1.24), `LIBRARY_NOT_FOUND`,
 *   `BACKEND_UNAVAILABLE`, `INVALID_ENVIRONMENT`
 */
export function register(ort?: OnnxRuntimeModule): Registration {
  return inOperation('register', () => {
    const module = ort === undefined ? requireOnnxRuntime() : checkModule(ort);
    const backend = sharedBackend();
    module.registerBackend(providerName, backend, priority);
    return registration(backend.host);
  });
}

/** Path of the library for any host of ONNX Runtime 1.24 or later: RegisterCustomOps and the plugin provider. */
export function customOpsLibraryPath(): string {
  return nativeLibraryPath();
}

function registration(host: NativeHost): Registration {
  const info = Object.freeze({ onnxruntime: host.version, library: host.library, device: host.device });
  return {
    info,
    assignment(session) {
      const nodes = assignmentOf(session);
      if (nodes) return nodes;
      const expected = `an InferenceSession created with executionProviders: ['${providerName}']`;
      const details = { code: 'INVALID_ARGUMENT', argument: 'session', expected, got: 'another value' } as const;
      return inOperation('assignment', () => {
        throw refusal(details);
      });
    },
  };
}

function sharedBackend(): FaMetalBackend {
  const global = globalThis as { [shared]?: FaMetalBackend };
  global[shared] ??= new FaMetalBackend(callNative(() => nativeBinding().attach(onnxRuntimeFolder())));
  return global[shared];
}

// The ES module copy of onnxruntime-common has a registry of its own, which onnxruntime-node does not look at: only
// `require` reaches the right one, from ES modules and CommonJS alike.
const requireHere = createRequire(import.meta.url);
const requireFromProject = createRequire(join(process.cwd(), 'package.json'));

function resolveOnnxRuntime(): { require: NodeJS.Require; folder: string } | undefined {
  for (const require of [requireHere, requireFromProject]) {
    try {
      return { require, folder: dirname(require.resolve('onnxruntime-node/package.json')) };
    } catch {
      // The next place is tried.
    }
  }
  return undefined;
}

function onnxRuntimeFolder(): string {
  return resolveOnnxRuntime()?.folder ?? dirname(fileURLToPath(import.meta.url));
}

function requireOnnxRuntime(): OnnxRuntimeModule {
  try {
    return (resolveOnnxRuntime()?.require ?? requireHere)('onnxruntime-node') as OnnxRuntimeModule;
  } catch (cause) {
    const message = '[register] onnxruntime-node: expected the package to load (npm install onnxruntime-node)';
    throw new FaMetalError('HOST_INCOMPATIBLE', `${message}, got: ${(cause as Error).message}`, { cause });
  }
}

function checkModule(ort: OnnxRuntimeModule): OnnxRuntimeModule {
  if (typeof ort?.registerBackend === 'function') return ort;
  const expected = 'onnxruntime-node, with its registerBackend';
  throw refusal({ code: 'INVALID_ARGUMENT', argument: 'ort', expected, got: 'another value' });
}

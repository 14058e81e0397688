import { createRequire } from 'node:module';
import type * as OnnxRuntime from 'onnxruntime-node';
import { type Registration, register } from '../../src/index.js';
import { encodeModel, type Model } from './model.js';

/** As a CommonJS user has it. */
export const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof OnnxRuntime;
export const registration: Registration = register();

type Session = OnnxRuntime.InferenceSession;
type Options = OnnxRuntime.InferenceSession.SessionOptions;

/** ONNX Runtime's own threads spin, which slows down everything else on a small machine. */
const oneThread = { intraOpNumThreads: 1 };

/** A session that runs attention here. */
export function ours(model: Model, options: Options = {}): Promise<Session> {
  return ort.InferenceSession.create(encodeModel(model), {
    executionProviders: ['fa-metal'],
    ...oneThread,
    ...options,
  });
}

/** The same model on ONNX Runtime alone. */
export function stock(model: Model): Promise<Session> {
  return ort.InferenceSession.create(encodeModel(model), {
    executionProviders: ['cpu'],
    logSeverityLevel: 3,
    ...oneThread,
  });
}

/** Numbers in [-1, 1) that depend on the seed alone. */
export function noise(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function float32(shape: readonly number[], seed: number): OnnxRuntime.Tensor {
  return new ort.Tensor(
    'float32',
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );
}

export function bool(shape: readonly number[], keep: (index: number) => boolean): OnnxRuntime.Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return new ort.Tensor(
    'bool',
    Uint8Array.from({ length: count }, (_, index) => Number(keep(index))),
    shape,
  );
}

/** Largest difference; Infinity as soon as one side is not finite where the other is. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Number.isFinite(x) && Number.isFinite(y)) largest = Math.max(largest, Math.abs(x - y));
    else if (!Object.is(x, y)) return Number.POSITIVE_INFINITY;
  }
  return largest;
}

/** Nodes of a session that run here, and reasons of the others by operator. */
export function assigned(session: Session): { here: string[]; elsewhere: Record<string, string> } {
  const nodes = registration.assignment(session);
  return {
    here: nodes.filter(({ provider }) => provider === 'fa-metal').map(({ opType }) => opType),
    elsewhere: Object.fromEntries(
      nodes.filter(({ provider }) => provider === 'cpu').map(({ opType, reason }) => [opType, reason]),
    ),
  };
}

import { callNative, inOperation, invalidArgument, refusal } from './errors.js';
import { supportedGradients } from './generated/options.js';
import type { NativeBackwardCall, NativeDevice } from './native.js';
import { readOptions } from './options.js';
import { readObject } from './read-object.js';
import { readTensor, zeros } from './tensor.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  DescribedOptions,
  DeviceInfo,
  GradientName,
  NeededGradients,
} from './types.js';

/** A backward call with its outputs. */
export interface PreparedBackward {
  call: NativeBackwardCall;
  result: AttentionGradients;
}

const inputNames = ['q', 'k', 'v', 'out', 'lse', 'dOut', 'dLse', 'softmaxStats', 'needs'];
const gradientNames = { bias: 'dBias', alibiSlopes: 'dAlibiSlopes', sinks: 'dSinks' } as const;

/** As `prepareForward`. @throws FaMetalError */
export function prepareBackward(
  device: NativeDevice,
  info: DeviceInfo,
  inputs: AttentionBackwardInputs,
  givenOptions: AttentionOptions | undefined,
): PreparedBackward {
  return inOperation('attentionBackward', () => {
    const tensors = readInputs(inputs);
    const { q, k, v } = tensors;
    const options = readOptions(givenOptions);
    const needs = readNeeds(inputs.needs);
    callNative(() => device.plan({ q, k, v, options, direction: 'backward' }));
    const wanted = wantedGradients(info, options, needs);
    const result: AttentionGradients = {
      dq: zeros('dq', q.shape, q.dtype),
      dk: zeros('dk', k.shape, k.dtype),
      dv: zeros('dv', v.shape, v.dtype),
    };
    for (const name of wanted) {
      result[gradientNames[name]] = zeros(gradientNames[name], options[name]?.shape ?? [], 'float32');
    }
    return { call: { ...tensors, ...result, options }, result };
  });
}

function readInputs(inputs: AttentionBackwardInputs): Omit<AttentionBackwardInputs, 'needs'> {
  const { q, k, v, out, lse, dOut, dLse, softmaxStats } = readObject('inputs', inputs, inputNames);
  return {
    q: readTensor('q', q),
    k: readTensor('k', k),
    v: readTensor('v', v),
    out: readTensor('out', out),
    lse: readTensor('lse', lse),
    dOut: readTensor('dOut', dOut),
    ...(dLse !== undefined && { dLse: readTensor('dLse', dLse) }),
    ...(softmaxStats !== undefined && { softmaxStats: readTensor('softmaxStats', softmaxStats) }),
  };
}

const allGradients = Object.keys(supportedGradients) as GradientName[];

/** @throws FaMetalError `INVALID_ARGUMENT` */
export function readNeeds(needs: NeededGradients | undefined = {}): NeededGradients {
  const flags = Object.values(readObject('needs', needs, allGradients, 'needs'));
  if (flags.every((flag) => flag === undefined || typeof flag === 'boolean')) return needs;
  throw invalidArgument('needs', `true or false for ${allGradients.join(', ')}`, needs);
}

/**
 * The options whose gradient a call has to give back. All arguments have been checked before.
 *
 * @throws FaMetalError `UNSUPPORTED_GRADIENT` where the backend cannot
 */
export function wantedGradients(
  info: DeviceInfo,
  options: DescribedOptions = {},
  needs: NeededGradients = {},
): GradientName[] {
  const wanted = allGradients.filter((name) => options[name] !== undefined && needs[name] !== false);
  for (const name of wanted) {
    const backends: Readonly<Record<string, boolean>> = supportedGradients[name];
    if (backends[info.backend]) continue;
    const expected = `no gradient of ${name}, which the ${info.backend} backend does not compute`;
    const got = `a call that needs it; say needs: { ${name}: false } if ${name} is a constant`;
    throw refusal({ code: 'UNSUPPORTED_GRADIENT', argument: name, expected, got });
  }
  return wanted;
}

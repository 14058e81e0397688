import { callNative, inOperation, invalidArgument, refusal } from './errors.js';
import { supportedGradients } from './generated/options.js';
import type { NativeBackwardCall, NativeDevice } from './native.js';
import { readOptions } from './options.js';
import { checkBuffer, readTensor, zeros } from './tensor.js';
import type {
  AttentionBackwardInputs,
  AttentionGradients,
  AttentionOptions,
  DescribedOptions,
  DeviceInfo,
  GradientName,
  NeededGradients,
  Tensor,
} from './types.js';

/** A backward call that has been checked and has its outputs. */
export interface PreparedBackward {
  call: NativeBackwardCall;
  result: AttentionGradients;
}

const gradientNames = { bias: 'dBias', alibiSlopes: 'dAlibiSlopes', sinks: 'dSinks' } as const;

/**
 * Checks a call and makes room for what it gives back.
 *
 * @throws FaMetalError
 */
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
    callNative(() => device.plan({ q, k, v, options, direction: 'backward' }));
    const wanted = wantedGradients(info, options, inputs.needs);
    for (const [name, tensor] of Object.entries(tensors)) checkBuffer(name, tensor);
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
  if (typeof inputs !== 'object' || inputs === null) throw invalidArgument('inputs', 'an object', inputs);
  const read = (name: Exclude<keyof AttentionBackwardInputs, 'needs'>): Tensor => readTensor(name, inputs[name]);
  return {
    q: read('q'),
    k: read('k'),
    v: read('v'),
    out: read('out'),
    lse: read('lse'),
    dOut: read('dOut'),
    ...(inputs.dLse !== undefined && { dLse: read('dLse') }),
    ...(inputs.softmaxStats !== undefined && { softmaxStats: read('softmaxStats') }),
  };
}

/**
 * The options whose gradient this call has to give back.
 *
 * @throws FaMetalError `UNSUPPORTED_GRADIENT` where the backend cannot
 */
export function wantedGradients(
  info: DeviceInfo,
  options: DescribedOptions,
  needs: NeededGradients | undefined,
): GradientName[] {
  const names = Object.keys(supportedGradients) as GradientName[];
  for (const name of Object.keys(needs ?? {})) {
    if (!names.includes(name as GradientName)) throw invalidArgument('needs', `only ${names.join(', ')}`, needs);
  }
  const wanted = names.filter((name) => options[name] !== undefined && needs?.[name] !== false);
  for (const name of wanted) {
    const backends: Readonly<Record<string, boolean>> = supportedGradients[name];
    if (backends[info.backend]) continue;
    const expected = `no gradient of ${name}, which the ${info.backend} backend does not compute (needs: { ${name}: false } if it is a constant)`;
    throw refusal({ code: 'UNSUPPORTED_GRADIENT', argument: name, expected, got: 'a call that needs it' });
  }
  return wanted;
}

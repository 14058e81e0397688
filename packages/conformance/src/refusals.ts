import {
  alias,
  backward,
  blank,
  dropAxis,
  forwardResult,
  type IllegalCall,
  invalid,
  less,
  optionTensor,
  reshape,
  retype,
  shape,
  short,
  shorten,
  strides,
} from './illegal.js';
import { illegalOptions } from './refusals-of-options.js';
import type { DType, Tensor } from './types.js';

/** Rows are never renamed: their names are part of ids. Base call: B 2, Hq 4, Hkv 2, Lq 5, Lk 6, D = Dv = 8. */
export const illegalCalls: Readonly<Record<string, IllegalCall>> = {
  ...illegalOptions,
  qRank: shape('q', dropAxis),
  kRank: shape('k', dropAxis),
  vRank: shape('v', dropAxis),
  kBatch: shape('k', less(0)),
  vBatch: shape('v', less(0)),
  kWidth: shape('k', less(3)),
  vHeads: shape('v', less(1)),
  vLength: shape('v', less(2)),
  headRatio: { group: 'shape', code: 'SHAPE_MISMATCH', argument: 'k', parameters: { Hkv: 3 } },
  headWidth: { group: 'range', code: 'UNSUPPORTED', argument: 'q', parameters: { D: 577, Dv: 8 } },
  valueWidth: { group: 'range', code: 'UNSUPPORTED', argument: 'v', parameters: { Dv: 577 } },
  maskShape: {
    group: 'shape',
    code: 'SHAPE_MISMATCH',
    ...optionTensor('mask', (mask) => blank(less(3)([...mask.shape]), 'bool')),
  },
  maskRank: {
    group: 'shape',
    code: 'SHAPE_MISMATCH',
    ...optionTensor('mask', (mask) => blank(mask.shape.slice(2), 'bool')),
  },
  biasShape: {
    group: 'shape',
    code: 'SHAPE_MISMATCH',
    ...optionTensor('bias', (bias) => blank(less(2)([...bias.shape]), 'float32')),
  },
  qDtype: { group: 'dtype', code: 'DTYPE_MISMATCH', argument: 'q', change: retype('q', 'int32') },
  kDtype: { group: 'dtype', code: 'DTYPE_MISMATCH', argument: 'k', change: retype('k') },
  vDtype: { group: 'dtype', code: 'DTYPE_MISMATCH', argument: 'v', change: retype('v') },
  maskDtype: {
    group: 'dtype',
    code: 'DTYPE_MISMATCH',
    ...optionTensor('mask', ({ shape: all }) => blank(all, 'float32')),
  },
  biasDtype: {
    group: 'dtype',
    code: 'DTYPE_MISMATCH',
    ...optionTensor('bias', ({ shape: all }) => blank(all, 'int32')),
  },
  unknownDtype: {
    group: 'kind',
    code: 'DTYPE_MISMATCH',
    argument: 'q',
    change: (call) => {
      call.q = { ...call.q, dtype: 'float64' as DType };
    },
  },
  wrongArray: {
    group: 'kind',
    code: 'DTYPE_MISMATCH',
    argument: 'k',
    change: (call) => {
      call.k = { ...call.k, data: new Float64Array(1000) };
    },
  },
  noTensor: {
    group: 'kind',
    code: 'INVALID_ARGUMENT',
    argument: 'v',
    change: (call) => {
      call.v = null as unknown as Tensor;
    },
  },
  fractionalSize: {
    group: 'kind',
    code: 'INVALID_ARGUMENT',
    argument: 'q',
    change: reshape('q', ([b, h, l, d]) => [b!, h!, l! - 0.5, d!]),
  },
  qShort: short('q'),
  kShort: short('k'),
  vShort: short('v'),
  maskShort: { group: 'memory', code: 'BUFFER_TOO_SHORT', ...optionTensor('mask', shorten) },
  biasShort: { group: 'memory', code: 'BUFFER_TOO_SHORT', ...optionTensor('bias', shorten) },
  negativeSize: {
    group: 'memory',
    code: 'INVALID_ARGUMENT',
    argument: 'q',
    change: reshape('q', ([b, h, l, d]) => [b!, h!, -l!, d!]),
  },
  sizeOverflow: {
    group: 'memory',
    code: 'SIZE_OVERFLOW',
    argument: 'q',
    change: reshape('q', ([, , , d]) => [2 ** 31, 2 ** 31, 2 ** 31, d!]),
  },
  innerStride: strides((all) => all.map((stride) => 2 * stride)),
  negativeStride: strides((all) => all.with(0, -1)),
  scaleNaN: invalid('scale', NaN, 'range'),
  scaleInfinity: invalid('scale', Infinity, 'range'),
  scaleString: invalid('scale', '1', 'kind'),
  causalBoolean: invalid('causal', true, 'kind'),
  causalWord: invalid('causal', 'lowerRight', 'kind'),
  causalFraction: invalid('causal', { offset: 0.5 }, 'kind'),
  alignDisagrees: invalid('align', { offset: 3 }, 'range', { causal: 'topLeft' }),
  windowNegative: invalid('window', { left: -2, right: 0 }, 'range'),
  windowFraction: invalid('window', { left: 0.5, right: 0 }, 'kind'),
  windowHalf: invalid('window', { left: 3 }, 'kind'),
  layoutWord: invalid('layout', 'bdlh', 'kind'),
  kernelName: invalid('kernel', 'no-such-kernel', 'range'),
  unknownOption: invalid('casual', 'topLeft', 'kind'),
  outIsQ: alias('out', 'q'),
  outIsV: { ...alias('out', 'v'), parameters: { Hkv: 4, Lk: 5 } },
  dqIsQ: alias('dq', 'q'),
  dkIsK: alias('dk', 'k'),
  dOutShape: backward(shape('dOut', less(2))),
  dOutDtype: { group: 'backward', code: 'DTYPE_MISMATCH', argument: 'dOut', change: retype('dOut') },
  dOutShort: short('dOut', 'backward'),
  dLseShape: { ...backward(shape('dLse', less(2))), parameters: { dLse: true } },
  dLseDtype: {
    group: 'backward',
    code: 'DTYPE_MISMATCH',
    argument: 'dLse',
    parameters: { dLse: true },
    change: retype('dLse', 'float16'),
  },
  dLseShort: { ...short('dLse', 'backward'), parameters: { dLse: true } },
  lseShape: forwardResult('lse', 'SHAPE_MISMATCH', ({ shape: all, dtype }) => blank(less(2)([...all]), dtype)),
  lseDtype: forwardResult('lse', 'DTYPE_MISMATCH', ({ shape: all }) => blank(all, 'float16')),
  lseShort: forwardResult('lse', 'BUFFER_TOO_SHORT', shorten),
  outShape: forwardResult('out', 'SHAPE_MISMATCH', ({ shape: all, dtype }) => blank(less(3)([...all]), dtype)),
};

const illegalBackward = new Set(['dqIsQ', 'dkIsK']);

/** Whether the forward pass before it is legal, so that only gradients must stay unwritten. */
export function isBackwardRefusal(name: string): boolean {
  return illegalCalls[name]?.group === 'backward' || illegalBackward.has(name);
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AttentionBackwardInputs,
  type AttentionOptions,
  type Device,
  type ErrorCode,
  FaMetalError,
  openDeviceSync,
  type Tensor,
} from '../src/index.js';
import { randomTensor } from './random-tensor.js';

type Inputs = AttentionBackwardInputs & { options: AttentionOptions };
/** Name, what makes a good call bad, and the refusal that it must end in. */
type BadCall = [
  name: string,
  change: (inputs: Inputs) => Partial<Record<keyof Inputs | 'dlse', unknown>>,
  code: ErrorCode,
  argument: string,
];

let device: Device;
let good: Inputs;

/** B 2, Hq 4, Hkv 2, Lq 5, Lk 6, D 8, Dv 16. */
beforeAll(() => {
  device = openDeviceSync({ backend: 'cpu' });
  const [q, k, v, dOut] = [
    randomTensor(1, [2, 4, 5, 8]),
    randomTensor(2, [2, 2, 6, 8]),
    randomTensor(3, [2, 2, 6, 16]),
    randomTensor(4, [2, 4, 5, 16]),
  ] as const;
  good = { q, k, v, dOut, ...device.attentionSync(q, k, v), options: {} };
});

afterAll(() => device.close());

const bool = (shape: number[]): Tensor => ({
  data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(1),
  shape,
  dtype: 'bool',
});
const float = (shape: number[]): Tensor => randomTensor(9, shape);
const integers = (values: number[], shape = [values.length]): Tensor => ({
  data: Int32Array.from(values),
  shape,
  dtype: 'int32',
});
const short = ({ data, ...rest }: Tensor): Tensor => ({ data: (data as Float32Array).subarray(0, -1), ...rest });
const option = (options: Record<string, unknown>) => () => ({ options });
const resizable = (): Float32Array => {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  return new Float32Array(new Resizable(4 * 320, { maxByteLength: 8192 }));
};

/** Wrong in both directions. */
const badCalls: BadCall[] = [
  ['q missing', () => ({ q: undefined }), 'INVALID_ARGUMENT', 'q'],
  ['q a bare array', () => ({ q: new Float32Array(8) }), 'INVALID_ARGUMENT', 'q'],
  ['k of another dtype', () => ({ k: randomTensor(1, [2, 2, 6, 8], 'float16') }), 'DTYPE_MISMATCH', 'k'],
  ['q of integers', () => ({ q: integers(new Array(320).fill(0), [2, 4, 5, 8]) }), 'DTYPE_MISMATCH', 'q'],
  ['an unknown dtype', ({ v }) => ({ v: { ...v, dtype: 'float64' } }), 'DTYPE_MISMATCH', 'v'],
  ['data of another kind', ({ k }) => ({ k: { ...k, data: new Float64Array(192) } }), 'DTYPE_MISMATCH', 'k'],
  ['data that is no view', ({ k }) => ({ k: { ...k, data: new ArrayBuffer(768) } }), 'DTYPE_MISMATCH', 'k'],
  ['data missing', ({ v }) => ({ v: { ...v, data: undefined } }), 'DTYPE_MISMATCH', 'v'],
  ['a buffer that can shrink', ({ q }) => ({ q: { ...q, data: resizable() } }), 'INVALID_ARGUMENT', 'q'],
  ['a rank of 3', ({ q }) => ({ q: { ...q, shape: [4, 5, 8] } }), 'SHAPE_MISMATCH', 'q'],
  ['a rank of 5', ({ q }) => ({ q: { ...q, shape: [1, 2, 4, 5, 8] } }), 'SHAPE_MISMATCH', 'q'],
  ['another batch', ({ k }) => ({ k: { ...k, shape: [1, 2, 6, 8] } }), 'SHAPE_MISMATCH', 'k'],
  ['another width', () => ({ k: float([2, 2, 6, 4]) }), 'SHAPE_MISMATCH', 'k'],
  ['another length', () => ({ v: float([2, 2, 5, 16]) }), 'SHAPE_MISMATCH', 'v'],
  ['heads that are no multiple', () => ({ k: float([2, 3, 6, 8]), v: float([2, 3, 6, 16]) }), 'SHAPE_MISMATCH', 'k'],
  ['a fractional size', ({ q }) => ({ q: { ...q, shape: [2, 4, 4.5, 8] } }), 'INVALID_ARGUMENT', 'q'],
  ['a negative size', ({ q }) => ({ q: { ...q, shape: [2, 4, -5, 8] } }), 'INVALID_ARGUMENT', 'q'],
  ['a shape that is no array', ({ q }) => ({ q: { ...q, shape: '2,4,5,8' } }), 'INVALID_ARGUMENT', 'q'],
  ['a size beyond all memory', ({ q }) => ({ q: { ...q, shape: [2 ** 31, 2 ** 31, 5, 8] } }), 'SIZE_OVERFLOW', 'q'],
  ['q too short', ({ q }) => ({ q: short(q) }), 'BUFFER_TOO_SHORT', 'q'],
  ['k too short', ({ k }) => ({ k: short(k) }), 'BUFFER_TOO_SHORT', 'k'],
  ['v too short', ({ v }) => ({ v: short(v) }), 'BUFFER_TOO_SHORT', 'v'],
  ['strides that reach too far', ({ q }) => ({ q: { ...q, strides: [160, 40, 9, 1] } }), 'BUFFER_TOO_SHORT', 'q'],
  ['too few strides', ({ q }) => ({ q: { ...q, strides: [40, 8, 1] } }), 'INVALID_ARGUMENT', 'q'],
  ['a negative stride', ({ q }) => ({ q: { ...q, strides: [160, 40, -8, 1] } }), 'INVALID_ARGUMENT', 'q'],
  [
    'an innermost stride of 2',
    () => ({ q: { ...float([2, 4, 5, 16]), shape: [2, 4, 5, 8], strides: [320, 80, 16, 2] } }),
    'INVALID_ARGUMENT',
    'q',
  ],
  [
    'a width over the limit',
    () => ({ q: float([1, 1, 1, 577]), k: float([1, 1, 1, 577]), v: float([1, 1, 1, 8]) }),
    'UNSUPPORTED',
    'q',
  ],

  ['options that are no object', () => ({ options: 'causal' }), 'INVALID_ARGUMENT', 'options'],
  ['options that are null', () => ({ options: null }), 'INVALID_ARGUMENT', 'options'],
  ['options in a list', () => ({ options: [] }), 'INVALID_ARGUMENT', 'options'],
  ['options in a map', () => ({ options: new Map([['causal', 'topLeft']]) }), 'INVALID_ARGUMENT', 'options'],
  ['a misspelt option', option({ casual: 'topLeft' }), 'INVALID_ARGUMENT', 'casual'],
  ['layout', option({ layout: 'bldh' }), 'INVALID_ARGUMENT', 'layout'],
  ['scale NaN', option({ scale: Number.NaN }), 'INVALID_ARGUMENT', 'scale'],
  ['scale infinite', option({ scale: Infinity }), 'INVALID_ARGUMENT', 'scale'],
  ['scale text', option({ scale: '1' }), 'INVALID_ARGUMENT', 'scale'],
  ['softcap NaN', option({ softcap: Number.NaN }), 'INVALID_ARGUMENT', 'softcap'],
  ['causal true', option({ causal: true }), 'INVALID_ARGUMENT', 'causal'],
  ['causal an unknown word', option({ causal: 'lowerRight' }), 'INVALID_ARGUMENT', 'causal'],
  ['causal a fraction', option({ causal: { offset: 0.5 } }), 'INVALID_ARGUMENT', 'causal'],
  ['align none', option({ align: 'none' }), 'INVALID_ARGUMENT', 'align'],
  ['align and causal disagree', option({ causal: 'topLeft', align: { offset: 3 } }), 'INVALID_ARGUMENT', 'align'],
  ['window without right', option({ window: { left: 3 } }), 'INVALID_ARGUMENT', 'window'],
  ['window a fraction', option({ window: { left: 0.5, right: 0 } }), 'INVALID_ARGUMENT', 'window'],
  ['window below -1', option({ window: { left: -2, right: 0 } }), 'INVALID_ARGUMENT', 'window'],
  ['window a number', option({ window: 4 }), 'INVALID_ARGUMENT', 'window'],
  ['window of other names', option({ window: { left: 1, right: 1, align: 0 } }), 'INVALID_ARGUMENT', 'window'],
  ['mask float', () => ({ options: { mask: float([1, 1, 5, 6]) } }), 'DTYPE_MISMATCH', 'mask'],
  ['mask does not broadcast', () => ({ options: { mask: bool([2, 3, 5, 6]) } }), 'SHAPE_MISMATCH', 'mask'],
  ['mask of too few keys', () => ({ options: { mask: bool([2, 4, 5, 1]) } }), 'SHAPE_MISMATCH', 'mask'],
  ['mask of rank 2', () => ({ options: { mask: bool([5, 6]) } }), 'SHAPE_MISMATCH', 'mask'],
  ['mask too short', () => ({ options: { mask: short(bool([1, 1, 5, 6])) } }), 'BUFFER_TOO_SHORT', 'mask'],
  ['bias bool', () => ({ options: { bias: bool([1, 1, 5, 6]) }, needs: { bias: false } }), 'DTYPE_MISMATCH', 'bias'],
  [
    'bias does not broadcast',
    () => ({ options: { bias: float([3, 1, 5, 6]) }, needs: { bias: false } }),
    'SHAPE_MISMATCH',
    'bias',
  ],
  [
    'bias too short',
    () => ({ options: { bias: short(float([1, 1, 5, 6])) }, needs: { bias: false } }),
    'BUFFER_TOO_SHORT',
    'bias',
  ],
  ['dropout at rate 1', option({ dropout: { rate: 1, seed: 0n } }), 'INVALID_ARGUMENT', 'dropout'],
  ['dropout by a number', option({ dropout: { rate: 0.1, seed: 0 } }), 'INVALID_ARGUMENT', 'dropout'],
  ['kernel unknown', option({ kernel: 'no-such-kernel' }), 'INVALID_ARGUMENT', 'kernel'],
  ['kernel a number', option({ kernel: 3 }), 'INVALID_ARGUMENT', 'kernel'],

  ['softcap of 0', option({ softcap: 0 }), 'INVALID_ARGUMENT', 'softcap'],
  ['alibiSlopes of another Hq', () => ({ options: { alibiSlopes: float([3]) } }), 'SHAPE_MISMATCH', 'alibiSlopes'],
  ['sinks by batch', () => ({ options: { sinks: float([2, 4]) } }), 'SHAPE_MISMATCH', 'sinks'],
  ['a length past Lk', () => ({ options: { kvLengths: integers([3, 7]) } }), 'INVALID_ARGUMENT', 'kvLengths'],
  ['a length below 0', () => ({ options: { kvLengths: integers([-1, 6]) } }), 'INVALID_ARGUMENT', 'kvLengths'],
];

/** Wrong in the backward direction alone. */
const badGradientCalls: BadCall[] = [
  [
    'int8 keys',
    () => ({
      k: { data: new Int8Array(192), shape: [2, 2, 6, 8], dtype: 'int8' },
      options: { kScale: float([2, 2, 6]) },
    }),
    'UNSUPPORTED',
    'kScale',
  ],
  ['needs of an unknown name', () => ({ needs: { mask: true } }), 'INVALID_ARGUMENT', 'needs'],
  ['needs that are text', () => ({ needs: { bias: 'no' } }), 'INVALID_ARGUMENT', 'needs'],
  ['needs that are no object', () => ({ needs: true }), 'INVALID_ARGUMENT', 'needs'],
  ['needs that are null', () => ({ needs: null }), 'INVALID_ARGUMENT', 'needs'],
  ['a misspelt input', () => ({ dlse: float([2, 4, 5]) }), 'INVALID_ARGUMENT', 'dlse'],
  ['dOut missing', () => ({ dOut: undefined }), 'INVALID_ARGUMENT', 'dOut'],
  ['dOut of another shape', () => ({ dOut: float([2, 4, 5, 8]) }), 'SHAPE_MISMATCH', 'dOut'],
  ['dOut of another dtype', () => ({ dOut: randomTensor(1, [2, 4, 5, 16], 'bfloat16') }), 'DTYPE_MISMATCH', 'dOut'],
  ['dOut too short', ({ dOut }) => ({ dOut: short(dOut) }), 'BUFFER_TOO_SHORT', 'dOut'],
  ['out of another shape', () => ({ out: float([2, 4, 5, 8]) }), 'SHAPE_MISMATCH', 'out'],
  ['lse missing', () => ({ lse: undefined }), 'INVALID_ARGUMENT', 'lse'],
  ['lse of another shape', () => ({ lse: float([2, 5, 4]) }), 'SHAPE_MISMATCH', 'lse'],
  ['lse in float16', () => ({ lse: randomTensor(1, [2, 4, 5], 'float16') }), 'DTYPE_MISMATCH', 'lse'],
  ['dLse of another shape', () => ({ dLse: float([2, 4, 4]) }), 'SHAPE_MISMATCH', 'dLse'],
  ['dLse in float16', () => ({ dLse: randomTensor(1, [2, 4, 5], 'float16') }), 'DTYPE_MISMATCH', 'dLse'],
  ['dLse too short', () => ({ dLse: short(float([2, 4, 5])) }), 'BUFFER_TOO_SHORT', 'dLse'],
  ['softmaxStats of another shape', () => ({ softmaxStats: float([2, 4, 5]) }), 'SHAPE_MISMATCH', 'softmaxStats'],
];

function changed(change: BadCall[1]): Inputs {
  return { ...good, ...change(good) } as Inputs;
}

/** Every byte of the tensors of the good call. */
function bytesOf({ options, needs, ...tensors }: Inputs): Buffer[] {
  return Object.values(tensors).map(({ data }) =>
    Buffer.from(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
}

const operation = { forward: 'attention', backward: 'attentionBackward' };

function expectRefusal(error: unknown, direction: 'forward' | 'backward', code: ErrorCode, argument: string): void {
  expect(error).toBeInstanceOf(FaMetalError);
  expect(error).toMatchObject({ code, argument });
  const message = new RegExp(`^\\[${operation[direction]}\\] ${argument}: expected .+, got .+`, 's');
  expect((error as Error).message).toMatch(message);
}

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('It was not refused.');
}

const rejectionOf = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('It was not refused.')),
    (error: unknown) => error,
  );

/** The same good call still gives the same bits, and nothing that went in has changed. */
function expectUnharmed(before: Buffer[], expected: Tensor): void {
  expect(bytesOf(good)).toEqual(before);
  expect(device.attentionSync(good.q, good.k, good.v).out).toEqual(expected);
}

describe.each(badCalls)('attention refuses %s', (_, change, code, argument) => {
  it('at once and as a rejection', async () => {
    const before = bytesOf(good);
    const { q, k, v, options } = changed(change);
    expectRefusal(
      thrownBy(() => device.attentionSync(q, k, v, options)),
      'forward',
      code,
      argument,
    );
    // An asynchronous call never throws at once.
    const promise = device.attention(q, k, v, options);
    expectRefusal(await rejectionOf(promise), 'forward', code, argument);
    expectUnharmed(before, good.out);
  });
});

describe.each([...badCalls, ...badGradientCalls])('attentionBackward refuses %s', (_, change, code, argument) => {
  it('at once and as a rejection', async () => {
    const before = bytesOf(good);
    const { options, ...inputs } = changed(change);
    expectRefusal(
      thrownBy(() => device.attentionBackwardSync(inputs, options)),
      'backward',
      code,
      argument,
    );
    expectRefusal(await rejectionOf(device.attentionBackward(inputs, options)), 'backward', code, argument);
    expectUnharmed(before, good.out);
  });
});

it('attentionBackward refuses inputs that are no object', () => {
  expectRefusal(
    thrownBy(() => device.attentionBackwardSync(null as never)),
    'backward',
    'INVALID_ARGUMENT',
    'inputs',
  );
});

describe('outputs that share memory, which only the native side can be handed', () => {
  const shared = new Float32Array(2 * 4 * 5 * 16);
  const over = (shape: number[]): Tensor => ({ data: shared, shape, dtype: 'float32' });

  it.each([
    ['out', 'an input', { v: over([2, 2, 6, 16]), out: over([2, 4, 5, 16]) }],
    ['lse', 'an input', { q: over([2, 4, 5, 8]), lse: over([2, 4, 5]) }],
    ['lse', 'another output', { out: over([2, 4, 5, 16]), lse: over([2, 4, 5]) }],
  ])('refuses %s over %s, and writes nothing', (argument, _, given) => {
    shared.fill(0.5);
    const { q, k, v } = good;
    const call = { q, k, v, out: float([2, 4, 5, 16]), lse: float([2, 4, 5]), ...given, options: {} };
    const untouched = structuredClone(call);
    expect(thrownBy(() => device.native.forward(call))).toMatchObject({ code: 'ALIASED_OUTPUT', argument });
    expect(call).toEqual(untouched);
  });
});

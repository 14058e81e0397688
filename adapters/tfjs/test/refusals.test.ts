import {
  attentionSync,
  type AttentionOptions as HostOptions,
  type Tensor as HostTensor,
  supportedOptions,
} from '@fa-metal/core';
import { afterAll, describe, expect, test } from 'vitest';
import { type AttentionOptions, attention, register } from '../src/index.js';
import { errorOf } from './support/errors.js';
import { fastestRoute, nativeTensorCount, onBackend, places, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;
type DType = 'float32' | 'int32' | 'bool';

interface IllegalCall {
  q?: [number[], DType?];
  k?: [number[], DType?];
  v?: [number[], DType?];
  scalars?: object;
  tensors?: Record<string, [number[], DType?]>;
}

const legal: Required<Pick<IllegalCall, 'q' | 'k' | 'v'>> = { q: [[2, 4, 5, 8]], k: [[2, 2, 6, 8]], v: [[2, 2, 6, 8]] };

const illegal: Record<string, IllegalCall> = {
  'rank 3': { q: [[4, 5, 8]] },
  'rank 5': { k: [[1, 2, 2, 6, 8]] },
  'rank 0': { v: [[]] },
  'dtype of k': { k: [[2, 2, 6, 8], 'int32'] },
  'dtype of q': { q: [[2, 4, 5, 8], 'bool'] },
  batch: { k: [[1, 2, 6, 8]] },
  width: { k: [[2, 2, 6, 7]] },
  'key length': { v: [[2, 2, 5, 8]] },
  'head ratio': { k: [[2, 3, 6, 8]], v: [[2, 3, 6, 8]] },
  'no heads': { k: [[2, 0, 6, 8]], v: [[2, 0, 6, 8]] },
  'mask shape': { tensors: { mask: [[2, 1, 5, 5], 'bool'] } },
  'mask rank': { tensors: { mask: [[5, 6], 'bool'] } },
  'mask dtype': { tensors: { mask: [[1, 1, 5, 6]] } },
  'bias shape': { tensors: { bias: [[1, 3, 5, 6]] } },
  'bias dtype': { tensors: { bias: [[1, 1, 5, 6], 'int32'] } },
  'layout swapped': { scalars: { layout: 'blhd' } },
  'scale NaN': { scalars: { scale: NaN } },
  'scale too large for float32': { scalars: { scale: 1e39 } },
  'scale too large in log2 units': { scalars: { scale: 2.5e38 } },
  'causal boolean': { scalars: { causal: true } },
  'causal offset': { scalars: { causal: { offset: 1.5 } } },
  'align disagrees': { scalars: { causal: 'topLeft', align: 'bottomRight' } },
  'window below -1': { scalars: { window: { left: -2, right: 0 } } },
  'unknown option': { scalars: { isCausal: true } },
  'softcap 0': { scalars: { softcap: 0 } },
  'softcap too small for float32': { scalars: { softcap: 1e-50 } },
  'slopes of two heads': { tensors: { alibiSlopes: [[2]] } },
  'slopes of three batches': { tensors: { alibiSlopes: [[3, 4]] } },
  'sinks in two axes': { tensors: { sinks: [[2, 4]] } },
  'lengths in float32': { tensors: { kvLengths: [[2]] } },
  'lengths of three batches': { tensors: { kvLengths: [[3], 'int32'] } },
  'cuSeqlensQ alone': { q: [[5, 4, 8]], k: [[6, 2, 8]], v: [[6, 2, 8]], tensors: { cuSeqlensQ: [[2], 'int32'] } },
  'cuSeqlensK alone': { q: [[5, 4, 8]], k: [[6, 2, 8]], v: [[6, 2, 8]], tensors: { cuSeqlensK: [[2], 'int32'] } },
  'packed, but of rank 4': { tensors: { cuSeqlensQ: [[2], 'int32'], cuSeqlensK: [[2], 'int32'] } },
  'starts of different counts': {
    q: [[5, 4, 8]],
    k: [[6, 2, 8]],
    v: [[6, 2, 8]],
    tensors: { cuSeqlensQ: [[2], 'int32'], cuSeqlensK: [[3], 'int32'] },
  },
  'pages without lengths': { k: [[9, 4, 2, 8]], v: [[9, 4, 2, 8]], tensors: { blockTable: [[2, 3], 'int32'] } },
  'pages of one batch': {
    k: [[9, 4, 2, 8]],
    v: [[9, 4, 2, 8]],
    tensors: { blockTable: [[1, 3], 'int32'], kvLengths: [[2], 'int32'] },
  },
  'int8 that tfjs does not have': { tensors: { kScale: [[2, 2, 6]] } },
  'kernel name': { scalars: { kernel: 'no-such-kernel' } },
  'kernel name with separators': { scalars: { kernel: 'a;scale=2,b' } },
};
const unsupportedNatively: Record<string, IllegalCall> = {
  'width 577': { q: [[2, 4, 5, 577]], k: [[2, 2, 6, 577]] },
  ...lacking({
    softcap: { scalars: { softcap: 3 } },
    dropout: { scalars: { dropout: { rate: 0.1, seed: 5n } } },
    alibiSlopes: { tensors: { alibiSlopes: [[4]] } },
    sinks: { tensors: { sinks: [[4]] } },
    kvLengths: { tensors: { kvLengths: [[2], 'int32'] } },
  }),
};

/** Options that the cpu backend does not have, as kernels/variants/options.json says. */
function lacking(samples: Partial<Record<keyof typeof supportedOptions, IllegalCall>>): Record<string, IllegalCall> {
  const table: Readonly<Record<string, { cpu: readonly string[] }>> = supportedOptions;
  const lacks = (name: string) => table[name]?.cpu.length === 0;
  return Object.fromEntries(Object.entries(samples).filter(([name]) => lacks(name)));
}

afterAll(() => {
  register(tf);
});

const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function callWith<T>(call: IllegalCall, make: (shape: number[], dtype: DType) => T) {
  const tensor = ([shape, dtype = 'float32']: [number[], DType?]) => make(shape, dtype);
  const { q, k, v, scalars, tensors = {} } = { ...legal, ...call };
  const options = {
    ...scalars,
    ...Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, tensor(value)])),
  };
  return [tensor(q), tensor(k), tensor(v), options] as const;
}

const inCore = (call: IllegalCall) => {
  const host = (shape: number[], dtype: DType): HostTensor => ({ shape, dtype, data: new arrays[dtype](size(shape)) });
  const [q, k, v, options] = callWith(call, host);
  return errorOf(() => attentionSync(q, k, v, options as HostOptions));
};
const inTfjs = (call: IllegalCall) =>
  tf.tidy(() => {
    const [q, k, v, options] = callWith(call, (shape, dtype) => tf.zeros(shape, dtype) as Tensor);
    return errorOf(() => attention(q, k, v, options as AttentionOptions)) as never;
  }) as ReturnType<typeof errorOf>;

describe.each(places.filter(([route]) => route !== 'composed'))('route %s on %s', (route, backend) => {
  test.each(Object.entries({ ...illegal, ...unsupportedNatively }))(
    '%s: the error of core, word for word',
    (name, call) => {
      onBackend(backend, () => {
        register(tf, { route });
        const { code, argument, message } = inCore(call);
        const error = inTfjs(call);
        expect({ code: error.code, argument: error.argument }).toEqual({ code, argument });
        // Core is handed ranks that TensorFlow and the op see differently.
        if (!name.includes('rank')) expect(error.message).toBe(message);
      });
    },
  );
});

describe('route composed', () => {
  test.each(Object.entries(illegal))('%s: the code and argument of core', (_, call) => {
    register(tf, { route: 'composed' });
    const { code, argument } = inCore(call);
    const error = inTfjs(call);
    expect({ code: error.code, argument: error.argument }).toEqual({ code, argument });
  });
});

test('what is no tf.Tensor, or of a dtype that tfjs alone has, is refused by name', () => {
  register(tf);
  const x = tf.zeros([1, 1, 2, 8]);
  const error = (...call: unknown[]) => errorOf(() => attention(...(call as Parameters<typeof attention>)));
  expect(error(x, [1], x)).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'k' });
  expect(error(null, x, x)).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'q' });
  expect(error(x, x, x, { mask: [true] })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'mask' });
  const hostTensor = { data: new Uint8Array(2), shape: [1, 1, 1, 2], dtype: 'bool' };
  expect(error(x, x, x, { mask: hostTensor })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'mask' });
  expect(error(x, x, tf.fill([1, 1, 2, 8], 'a'))).toMatchObject({ code: 'DTYPE_MISMATCH', argument: 'v' });
  expect(error(x, x, x, 'causal')).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'options' });
  expect(error(x, x, x, [])).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'options' });
  const disposed = tf.zeros([1, 1, 2, 8]);
  disposed.dispose();
  expect(error(x, disposed, x)).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'k' });
});

test('many failures in a row leave nothing behind', () => {
  register(tf, { route: fastestRoute });
  const call = { k: [[2, 2, 6, 7]] } as IllegalCall;
  inTfjs(call);
  const before = [tf.memory().numTensors, nativeTensorCount()];
  for (let i = 0; i < 300; i++) expect(inTfjs(call).code).toBe('SHAPE_MISMATCH');
  expect([tf.memory().numTensors, nativeTensorCount()]).toEqual(before);
});

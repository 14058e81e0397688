import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { addon, bytesOf, failureOf, forwardCall } from './addon.js';

const device = addon.openDevice({ backend: 'cpu', device: 'system', threads: 1, isa: '' });

function refusalOf(change: (call: ReturnType<typeof forwardCall>) => void) {
  const call = forwardCall();
  change(call);
  const { code, argument } = failureOf(() => device.forward(call));
  return { code, argument };
}

/** Values of every other kind; none of them may crash, hang or pass for a tensor. */
const strangers: [string, unknown][] = [
  ['null', null],
  ['a number', 3],
  ['a string', 'q'],
  ['a bigint', 3n],
  ['a symbol', Symbol('q')],
  ['an array', [1, 2]],
  ['a function', () => undefined],
  ['an empty object', {}],
  ['a typed array', new Float32Array(4)],
  ['a proxy', new Proxy({}, {})],
];

describe.each(['q', 'k', 'v', 'out', 'lse'] as const)('%s', (name) => {
  test.each([...strangers, ...(name === 'lse' ? [] : [['undefined', undefined] as const])])('is %s', (_, value) => {
    const refusal = refusalOf((call) => Object.assign(call, { [name]: value }));
    expect(refusal).toEqual({ code: 'INVALID_ARGUMENT', argument: name });
  });
});

describe('parts of a tensor', () => {
  test.each([
    ['dtype', 'float64'],
    ['dtype', undefined],
    ['dtype', 5],
    ['shape', undefined],
    ['shape', '2,3'],
    ['shape', [2, 4, 3n, 8]],
    ['shape', [2, 4, 3.5, 8]],
    ['shape', [2, 4, Number.NaN, 8]],
    ['shape', [2, 4, 2 ** 60, 8]],
    ['shape', new Int32Array([2, 4, 3, 8])],
    ['strides', null],
    ['strides', [96, 24, '8', 1]],
    ['strides', [96, 24, 8, 0.5]],
    ['data', undefined],
    ['data', [1, 2, 3]],
    ['data', new ArrayBuffer(768)],
    ['data', new Float64Array(192)],
    ['data', new Int32Array(192)],
    ['data', new BigInt64Array(192)],
  ])('%s is %s', (field, value) => {
    const refusal = refusalOf((call) => Object.assign(call.q, { [field]: value }));
    expect(refusal).toEqual({ code: 'INVALID_ARGUMENT', argument: 'q' });
  });

  test('data in a buffer that can shrink', () => {
    const Resizable = ArrayBuffer as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new Resizable(768, { maxByteLength: 4096 });
    const refusal = refusalOf((call) => (call.q = { ...call.q, data: new Float32Array(buffer) }));
    expect(refusal).toEqual({ code: 'INVALID_ARGUMENT', argument: 'q' });
  });
});

describe('options', () => {
  test.each([
    ['layout', 'bdhl'],
    ['layout', null],
    ['scale', '1'],
    ['scale', 1n],
    ['softcap', true],
    ['causal', true],
    ['causal', false],
    ['causal', 'offset'],
    ['causal', 'upper'],
    ['causal', {}],
    ['causal', { offset: 0.5 }],
    ['causal', { offset: 1n }],
    ['align', 'none'],
    ['align', 7],
    ['window', 5],
    ['window', [1, 2]],
    ['window', { left: 1 }],
    ['window', { left: 1, right: '2' }],
    ['mask', true],
    ['bias', [0]],
    ['dropout', 0.5],
    ['dropout', { rate: 0.5, seed: 1 }],
    ['dropout', { rate: 0.5, seed: -1n }],
    ['dropout', { rate: 0.5, seed: 2n ** 64n }],
    ['dropout', { rate: '0.5', seed: 1n }],
    ['rope', {}],
    ['rope', 'half'],
    ['kernel', 4],
    ['isCausal', true],
  ])('%s is %s', (name, value) => {
    const refusal = refusalOf((call) => Object.assign(call.options, { [name]: value }));
    expect(refusal).toEqual({ code: 'INVALID_ARGUMENT', argument: name });
  });

  test('that are undefined count as left out', () => {
    const call = forwardCall();
    Object.assign(call.options, { scale: undefined, causal: undefined, mask: undefined, isCausal: undefined });
    expect(() => device.forward(call)).not.toThrow();
  });
});

describe('views', () => {
  const expected = forwardCall();
  device.forward(expected);

  test.each<[string, (data: Float32Array) => ArrayBufferView]>([
    ['DataView', (data) => new DataView(data.slice().buffer)],
    ['Buffer', (data) => Buffer.from(data.slice().buffer)],
    [
      'part of a buffer',
      (data) => {
        const whole = new Float32Array(data.length + 8);
        whole.set(data, 4);
        return whole.subarray(4, 4 + data.length);
      },
    ],
    [
      'SharedArrayBuffer',
      (data) => {
        const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
        shared.set(data);
        return shared;
      },
    ],
    [
      'another realm',
      (data) => {
        const view = runInNewContext(`new Float32Array(${data.length})`) as Float32Array;
        view.set(data);
        return view;
      },
    ],
  ])('%s', (_, view) => {
    const call = forwardCall();
    call.q = { ...call.q, data: view(call.q.data as Float32Array) };
    call.k = { ...call.k, data: view(call.k.data as Float32Array) };
    device.forward(call);
    expect(bytesOf(call.out)).toEqual(bytesOf(expected.out));
  });
});

describe('code that runs while a call is read', () => {
  test('its exceptions reach the caller unchanged', () => {
    const call = forwardCall();
    Object.defineProperty(call.q, 'shape', {
      get() {
        throw new RangeError('from a getter');
      },
    });
    expect(() => device.forward(call)).toThrow(new RangeError('from a getter'));
  });

  test('a buffer that it detaches is refused, not read', () => {
    const call = forwardCall();
    const { data } = call.q;
    const { shape } = call.lse;
    Object.defineProperty(call.lse, 'shape', {
      get() {
        structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
        return shape;
      },
    });
    expect(failureOf(() => device.forward(call))).toMatchObject({ code: 'BUFFER_TOO_SHORT', argument: 'q' });
  });
});

test('methods refuse a foreign receiver', () => {
  expect(() => device.info.call({} as never)).toThrow(TypeError);
  const NativeDevice = device.constructor as new () => unknown;
  expect(() => new NativeDevice()).toThrow(TypeError);
});

import { afterEach, expect, test, vi } from 'vitest';
import { attention, attentionWithLse, FaMetalError, info, type RegisterOptions, register } from '../src/index.js';
import { errorOf } from './support/errors.js';
import { mainBackend, onBackend, onTfjsNode, routeNames, tf, withTensorFlow } from './support/hosts.js';

afterEach(() => {
  vi.unstubAllEnvs();
  tf.setBackend(mainBackend);
  register(tf);
});

test.runIf(withTensorFlow)(onTfjsNode('tfjs-node runs our op, and info() says so'), () => {
  const { route, device, reason } = register(tf);
  expect(route).toBe('tensorflow-op');
  expect(device?.backend).toBe('cpu');
  expect(reason).toBe('our op runs inside the TensorFlow of this process');
  expect(info()).toEqual({ route, device, reason });
});

test('a backend without TensorFlow copies, and the reason names what was tried before', () => {
  register(tf);
  const { route, reason } = onBackend('cpu', () => info());
  expect(route).toBe('copy');
  expect(reason).toContain("not 'tensorflow-op': the backend 'cpu' runs no TensorFlow ops");
  expect(info().route).toBe(withTensorFlow ? 'tensorflow-op' : 'copy');
});

test.each(routeNames)('route %s can be forced', (route) => {
  const { reason } = register(tf, { route });
  expect(info().route).toBe(route);
  expect(reason).toContain('(forced)');
});

test('a forced route that cannot work is refused with the reason, and the former one stays', () => {
  register(tf, { route: 'copy' });
  const error = onBackend('cpu', () => errorOf(() => register(tf, { route: 'tensorflow-op' })));
  expect(error).toMatchObject({ code: 'HOST_INCOMPATIBLE', argument: 'route' });
  expect(error.message).toContain("the backend 'cpu' runs no TensorFlow ops");
  expect(info().route).toBe('copy');
});

test.each([
  ['FA_METAL_BACKEND', 'gpu', { code: 'INVALID_ENVIRONMENT', argument: 'FA_METAL_BACKEND' }],
  ['FA_METAL_THREADS', 'many', { code: 'INVALID_ENVIRONMENT', argument: 'FA_METAL_THREADS' }],
  ['FA_METAL_DEVICE', 'software', { code: 'BACKEND_UNAVAILABLE', argument: 'device' }],
  ['FA_METAL_LIBRARY', '/nowhere/addon.node', { code: 'LIBRARY_NOT_FOUND', argument: 'FA_METAL_LIBRARY' }],
])('%s=%s cannot be had, which no other route hides', (variable, value, refused) => {
  register(tf, { route: 'composed' });
  vi.stubEnv('FA_METAL_SOFTWARE_LIBRARY', '/nowhere/libdevice.so');
  vi.stubEnv(variable, value);
  expect(errorOf(() => register(tf))).toMatchObject(refused);
  expect(info().route).toBe('composed');
});

test('wrong arguments of register are refused by name', () => {
  expect(errorOf(() => register({} as typeof tf))).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'tf' });
  const refused = (options: unknown) => errorOf(() => register(tf, options as RegisterOptions));
  expect(refused({ route: 'gpu' })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'route' });
  expect(refused({ rout: 'copy' })).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'rout' });
  expect(refused(null)).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'options' });
});

test('the copy route reads tensors that were made on another backend', () => {
  register(tf, { route: 'copy' });
  const x = tf.randomNormal([1, 1, 4, 8], 0, 1, 'float32', 1) as never;
  const here = attention(x, x, x).dataSync();
  const there = onBackend('cpu', () => attention(x, x, x).dataSync());
  expect(there).toEqual(here);
  // On cpu the values have moved there; now they are read from here.
  expect(attention(x, x, x).dataSync()).toEqual(here);
});

test('the routes agree', () => {
  const [q, k, v] = [1, 2, 3].map((seed) => tf.randomNormal([1, 2, 33, 16], 0, 1, 'float32', seed)) as [
    never,
    never,
    never,
  ];
  const results = routeNames.map((route) => {
    register(tf, { route });
    const { out, lse } = attentionWithLse(q, k, v, { causal: 'topLeft', window: { left: 7, right: 0 } });
    return [...out.dataSync(), ...lse.dataSync()];
  });
  const [copy = [], composed = []] = results.slice(-2);
  expect(results[0]).toEqual(copy); // the same kernels on the same numbers
  composed.forEach((value, index) => expect(Math.abs(value - (copy[index] ?? NaN))).toBeLessThan(2e-6));
});

test('FaMetalError of the adapter is the one of core', () => {
  register(tf);
  const x = tf.zeros([1, 1, 1, 8]);
  const error = errorOf(() => attention(x, x, x, { causal: true as never }));
  expect(FaMetalError.isInstance(error)).toBe(true);
  expect(error.message).toContain('topLeft');
  expect(error.message).toContain('bottomRight');
});

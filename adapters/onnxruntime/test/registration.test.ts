import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { customOpsLibraryPath, register } from '../src/index.js';
import { float32, ort, ours, registration } from './support/host.js';
import { install, inTemporaryFolder, runFile, runProgram } from './support/installed.js';
import { encodeModel, type Model, type Shape } from './support/model.js';

const shape: Shape = ['B', 2, 'L', 16];
const model: Model = {
  inputs: { Q: ['float32', shape], K: ['float32', shape], V: ['float32', shape] },
  outputs: { Y: 'float32' },
  nodes: [{ op: 'Attention', inputs: ['Q', 'K', 'V'], outputs: ['Y'] }],
};

test('info says which ONNX Runtime and which device', () => {
  const { info } = registration;
  expect(info.onnxruntime).toBe('1.30.0');
  expect(info.library).toContain('libonnxruntime');
  expect(info.device).toMatchObject({ backend: 'cpu', software: false });
});

test('registering again changes nothing', async () => {
  expect(register().info).toEqual(registration.info);
  expect(register(ort as never).info).toEqual(registration.info);
  const session = await ours(model);
  expect(register().assignment(session)).toEqual(registration.assignment(session));
});

test('a fresh module after vi.resetModules joins the former one', async () => {
  const session = await ours(model);
  for (let i = 0; i < 2; i++) {
    vi.resetModules();
    const fresh = await import('../src/index.js');
    expect(fresh.register).not.toBe(register);
    expect(fresh.register().assignment(session)[0]?.provider).toBe('fa-metal');
  }
  const { Y } = await session.run({
    Q: float32([1, 2, 4, 16], 1),
    K: float32([1, 2, 4, 16], 2),
    V: float32([1, 2, 4, 16], 3),
  });
  expect(Y!.dims).toEqual([1, 2, 4, 16]);
});

test('only those who ask for it get it', async () => {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  expect(() => registration.assignment(session)).toThrow('session');
});

test('the library for other hosts is the one that is loaded here', () => {
  expect(customOpsLibraryPath()).toMatch(/addon\.node$/);
});

test('two installed copies, with a binary each, serve one onnxruntime-node', async () => {
  const { result } = await inTemporaryFolder((folder) =>
    runProgram('two-copies.cjs', install(folder, 'a'), install(folder, 'b')),
  );
  expect(result).toEqual({
    versions: Array(4).fill('1.30.0'),
    providers: Array(4).fill(['fa-metal']),
    length: 2 * 8 * 64,
  });
});

test('ES module and CommonJS serve onnxruntime-node however it is imported', async () => {
  const { result } = await inTemporaryFolder((folder) => runProgram('two-modules.mjs', install(folder, 'a')));
  expect(result).toEqual([1024, 1024, 1024]);
});

test('worker threads, also one that ends in the middle of a run', async () => {
  const { result } = await inTemporaryFolder((folder) => runProgram('workers.cjs', install(folder, 'a')));
  expect(result).toHaveLength(5);
  expect(new Set(result as number[]).size).toBe(1);
});

test.each(['open', 'running'])('a process ends well with a session that is %s', async (how) => {
  const { stderr } = await inTemporaryFolder((folder) => runProgram('exit.cjs', install(folder, 'a'), how));
  expect(stderr).toBe('');
});

test('without onnxruntime-node, register() says so', async () => {
  const { result } = await inTemporaryFolder((folder) => runProgram('no-host.cjs', install(folder, 'a')));
  expect(result).toMatchObject({
    code: 'HOST_INCOMPATIBLE',
    message: expect.stringContaining('npm install onnxruntime-node'),
  });
});

test.each([
  ['FA_METAL_BACKEND', 'metal', 'BACKEND_UNAVAILABLE'],
  ['FA_METAL_BACKEND', 'fast', 'INVALID_ENVIRONMENT'],
  ['FA_METAL_THREADS', 'many', 'INVALID_ENVIRONMENT'],
])('%s=%s is an error of register()', async (name, value, code) => {
  const { result } = await inTemporaryFolder((folder) => {
    const file = join(folder, 'register.cjs');
    const load = `require(${JSON.stringify(join(install(folder, 'a'), 'dist/index.cjs'))})`;
    writeFileSync(file, `try { ${load}.register(); } catch ({ code }) { console.log(JSON.stringify(code)); }`);
    return runFile(file, [], { [name]: value });
  });
  if (process.platform === 'darwin' && value === 'metal') expect(result).toBeNull();
  else expect(result).toBe(code);
});

import { describe, expect, it } from 'vitest';
import { type Adapter, type Call, caseOf, runCase, suite } from '../src/index.js';
import { floats, withOutputs } from '../test-support/faulty-adapter.js';
import { naiveAdapter } from '../test-support/naive-adapter.js';

const run = (id: string, adapter: Adapter = naiveAdapter) => runCase(adapter, caseOf(id));
const statusOf = async (id: string, adapter?: Adapter) => (await run(id, adapter)).status;

describe('refusals', () => {
  const checking: Adapter = { ...naiveAdapter, manifest: { notSupported: {} } };
  const refusing = (code: string, argument: string, before?: (call: Call) => void): Adapter => ({
    ...checking,
    run(call) {
      before?.(call);
      throw Object.assign(new Error('refused'), { code, argument });
    },
  });
  const id = 'refusal:B=2,Hq=4,Hkv=2,Lq=5,Lk=6,gradients=false,refuse=scaleNaN';

  it('pass with the code and the argument', async () => {
    expect(await statusOf(id, refusing('INVALID_ARGUMENT', 'scale'))).toBe('pass');
  });

  it.each([
    ['a result in place of an error', checking],
    ['another code', refusing('UNSUPPORTED', 'scale')],
    ['another argument', refusing('INVALID_ARGUMENT', 'q')],
    ['something written', refusing('INVALID_ARGUMENT', 'scale', ({ outputs: { lse } }) => floats(lse).fill(0))],
  ])('fail with %s', async (_, adapter) => expect(await statusOf(id, adapter)).toBe('fail'));

  it('a forward pass may write before the gradients are refused, gradients may not', async () => {
    const backward = 'refusal:B=2,Hq=4,Hkv=2,Lq=5,Lk=6,refuse=dOutShort';
    const after = (name: 'out' | 'dq') =>
      refusing('BUFFER_TOO_SHORT', 'dOut', ({ outputs }) => floats(outputs[name]).fill(0));
    expect(await statusOf(backward, after('out'))).toBe('pass');
    expect(await statusOf(backward, after('dq'))).toBe('fail');
  });

  it('of what is not supported must come', async () => {
    const id = 'softcap:Lq=5,Lk=7,softcap=2';
    const manifest = { notSupported: { softcap: 'not yet' } };
    expect(await run(id, { ...refusing('UNSUPPORTED', 'softcap'), manifest })).toMatchObject({
      status: 'not-supported',
      message: 'softcap: not yet',
    });
    expect(await run(id, { ...checking, manifest })).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('it ran'),
    });
    expect(await statusOf(id, { ...refusing('INTERNAL', 'softcap'), manifest })).toBe('fail');
    expect(await statusOf(id, { ...refusing('UNSUPPORTED', ''), manifest })).toBe('fail');
    expect(await statusOf(id, refusing('UNSUPPORTED', 'softcap'))).toBe('fail');
  });
});

describe('manifests', () => {
  it('skip what the host cannot say, with the reason', async () => {
    const adapter = { ...naiveAdapter, manifest: { notSupported: {}, skipped: { strides: 'always packed' } } };
    expect(await run('layout:Lq=5,Lk=7,view=gaps', adapter)).toMatchObject({
      status: 'skipped',
      message: 'strides: always packed',
    });
    expect(await statusOf('layout:Lq=5,Lk=7', adapter)).toBe('pass');
  });

  it('without gradients still owe the forward pass', async () => {
    const adapter = { ...withOutputs(() => undefined), manifest: { notSupported: {}, outputs: [] } };
    expect(await statusOf('plain:Lq=5,Lk=7', adapter)).toBe('pass');
    const wrong = { ...withOutputs(({ out }) => floats(out).fill(1)), manifest: { notSupported: {}, outputs: [] } };
    expect(await statusOf('plain:Lq=5,Lk=7', wrong)).toBe('fail');
  });

  it('with unknown or repeated features are refused by the suite', async () => {
    for (const manifest of [
      { notSupported: { softcup: '' } },
      { notSupported: { softcap: '' }, skipped: { softcap: '' } },
    ]) {
      const tests: (() => Promise<void>)[] = [];
      suite({ test: (_, body) => tests.push(body), adapter: { ...naiveAdapter, manifest }, filter: 'rope:' });
      await expect(tests.at(-1)!()).rejects.toThrow('[conformance] manifest');
    }
  });
});

describe('suite', () => {
  it('refuses a filter that fits nothing', () => {
    expect(() => suite({ test: () => undefined, adapter: naiveAdapter, filter: 'no such case' })).toThrow(
      'filter: expected a part of an id',
    );
  });

  it('declares a test for each family, and fails it with the ids', async () => {
    const tests = new Map<string, () => Promise<void>>();
    const broken = {
      ...naiveAdapter,
      name: 'broken',
      run: () => {
        throw new Error('boom');
      },
    };
    suite({ test: (name, body) => tests.set(name, body), adapter: [naiveAdapter, broken], filter: 'int8:' });
    expect([...tests.keys()]).toEqual(['int8: 6 cases on naive, broken', 'manifest and report of naive, broken']);
    await expect([...tests.values()][0]!()).rejects.toThrow(
      /6 of family int8 failed[\s\S]*broken int8:.*\n +threw Error: boom/,
    );
  });
});

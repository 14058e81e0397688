import { describe, expect, it } from 'vitest';
import { type Adapter, type Call, caseOf, type Outputs, runCase, suite, type Tensor } from '../src/index.js';
import { naiveAdapter } from '../test-support/naive-adapter.js';

const run = (id: string, adapter: Adapter = naiveAdapter) => runCase(adapter, caseOf(id));
const statusOf = async (id: string, adapter?: Adapter) => (await run(id, adapter)).status;
const floats = (tensor: Tensor | undefined): Float32Array => tensor!.data as Float32Array;

/** The naive adapter with a fault in the call it makes or in what it gives back. */
function faulty(fault: {
  call?: (call: Call) => Partial<Call>;
  outputs?: (outputs: Outputs, call: Call) => void;
}): Adapter {
  return {
    ...naiveAdapter,
    async run(call) {
      const outputs = await naiveAdapter.run({ ...call, ...fault.call?.(call) });
      fault.outputs?.(outputs, call);
      return outputs;
    },
  };
}
const withOptions = (change: (options: Call['options']) => Call['options']): Adapter =>
  faulty({ call: ({ options }) => ({ options: change(options) }) });
const withOutputs = (outputs: (outputs: Outputs, call: Call) => void): Adapter => faulty({ outputs });

describe('a faulty implementation fails:', () => {
  const faults: [string, string, Adapter][] = [
    [
      'causal off by one',
      'causal:Lq=9,Lk=9,causal=0',
      withOptions((options) => ({ ...options, causal: { offset: 1 } })),
    ],
    [
      'topLeft for bottomRight',
      'causal:Lq=9,Lk=12,causal=bottomRight',
      withOptions((options) => ({ ...options, causal: 'topLeft' })),
    ],
    [
      'a window one key too wide',
      'window:Lq=33,Lk=33,left=7,right=3',
      withOptions((options) => ({ ...options, window: { left: 8, right: 3 } })),
    ],
    ['the mask ignored', 'mask:Lq=5,Lk=7,mask=11Q', withOptions(({ mask: _, ...rest }) => rest)],
    ['another scale', 'plain:Lq=5,Lk=7', withOptions((options) => ({ ...options, scale: 0.3535 }))],
    [
      'NaN in rows that see nothing',
      'mask:Lq=5,Lk=7,mask=11Q,maskKind=drop',
      withOutputs(({ out }) => floats(out).fill(NaN)),
    ],
    [
      'nearly 0 in rows that see nothing',
      'mask:Lq=6,Lk=7,mask=11Q,maskKind=deadRows',
      withOutputs(({ out }) => {
        floats(out)[8] = 1e-20;
      }),
    ],
    [
      'lse in base 2',
      'plain:Lq=5,Lk=7',
      withOutputs(({ lse }) =>
        floats(lse).forEach((value, i, all) => {
          all[i] = value * Math.LOG2E;
        }),
      ),
    ],
    ['lse 0 for -Infinity', 'lengths:Lk=0,Lq=3', withOutputs(({ lse }) => floats(lse).fill(0))],
    ['a large finite number for -Infinity', 'lengths:Lk=0,Lq=3', withOutputs(({ lse }) => floats(lse).fill(-3.4e38))],
    [
      'NaN scrubbed',
      'nonFinite:Lq=5,Lk=7,plant=kNaN',
      withOutputs(({ out }) =>
        floats(out).forEach((value, i, all) => {
          all[i] = value || 0;
        }),
      ),
    ],
    [
      'NaN spread to other rows',
      'nonFinite:Lq=9,Lk=9,plant=kNaN,causal=topLeft',
      withOutputs(({ out }) => floats(out).fill(NaN)),
    ],
    [
      'no dLse',
      'dLse:Lq=5,Lk=7,dLse=true',
      faulty({ call: ({ dLse: _, ...rest }) => ({ ...rest, dLse: undefined }) as unknown as Partial<Call> }),
    ],
    ['gradients of 0', 'plain:Lq=5,Lk=7', withOutputs(({ dk }) => floats(dk).fill(0))],
    [
      'no gradient',
      'plain:Lq=5,Lk=7',
      withOutputs((outputs) => {
        delete outputs.dv;
      }),
    ],
    [
      'a gradient nobody asked for',
      'plain:Lq=5,Lk=7,gradients=false',
      withOutputs((outputs) => {
        outputs.dq = outputs.out;
      }),
    ],
    [
      'the wrong dtype',
      'plain:Lq=5,Lk=7,dtype=float16',
      withOutputs(({ out }) => {
        out.dtype = 'bfloat16';
      }),
    ],
    [
      'the wrong shape',
      'plain:Hq=2,Lq=5,Lk=7',
      withOutputs(({ out }) => {
        out.shape = [2, 1, 5, 8];
      }),
    ],
    [
      'an output that was never written',
      'plain:Lq=5,Lk=7',
      withOutputs((outputs, call) => {
        outputs.out = call.outputs.out;
      }),
    ],
    [
      'an input that was written',
      'plain:Lq=5,Lk=7',
      withOutputs((_, { q }) => {
        floats(q)[0] = 0;
      }),
    ],
    [
      'a write past the end of a result',
      'plain:Lq=5,Lk=7',
      withOutputs((_, { outputs: { dq } }) => {
        new Float32Array(dq!.data.buffer, dq!.data.byteOffset)[dq!.data.byteLength / 4] = 0;
      }),
    ],
    [
      'a result off by four steps',
      'plain:Lq=5,Lk=7',
      withOutputs(({ out }) => {
        floats(out)[3]! += 2 ** -19;
      }),
    ],
    [
      'a crash',
      'plain:Lq=5,Lk=7',
      {
        ...naiveAdapter,
        run: () => {
          throw new Error('boom');
        },
      },
    ],
  ];

  it.each(faults)('%s', async (_, id, adapter) => {
    expect(await run(id)).toMatchObject({ status: 'pass' });
    expect(await run(id, adapter)).toMatchObject({ status: 'fail', message: expect.stringMatching(/\w/) });
  });

  it('other bits in a second run', async () => {
    let runs = 0;
    const adapter = withOutputs(({ out }) => {
      floats(out)[0]! += runs++ * 2 ** -24;
    });
    expect(await statusOf('determinism:Lq=3,Lk=5,repeat=3', naiveAdapter)).toBe('pass');
    expect((await run('determinism:Lq=3,Lk=5,repeat=3', adapter)).message).toContain(
      'not the same bits again: out[0, 0, 0, 0]',
    );
  });

  it('other bits on another number of threads', async () => {
    const base = withOutputs(({ out }, { threads }) => {
      if (threads === 3) floats(out)[0]! += 2 ** -24;
    });
    expect((await run('determinism:Lq=3,Lk=5,repeat=2', { ...base, threadCounts: [1, 3] })).message).toContain(
      'on 3 threads',
    );
    expect(await statusOf('determinism:Lq=3,Lk=5,repeat=2', { ...base, threadCounts: [1, 2] })).toBe('pass');
  });

  it('other bits in another wording of the call', async () => {
    const adapter = faulty({
      outputs: ({ out }, { options }) => {
        if (options.window) floats(out)[0]! += 2 ** -24;
      },
    });
    expect(await statusOf('window:Lq=3,Lk=5,left=-1,sameAs=noWindow')).toBe('pass');
    expect((await run('window:Lq=3,Lk=5,left=-1,sameAs=noWindow', adapter)).message).toContain(
      'not the same as noWindow',
    );
  });
});

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

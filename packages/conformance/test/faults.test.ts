import { describe, expect, it } from 'vitest';
import { type Adapter, type Call, caseOf, runCase } from '../src/index.js';
import { faulty, floats, withOptions, withOutputs } from '../test-support/faulty-adapter.js';
import { naiveAdapter } from '../test-support/naive-adapter.js';

const run = (id: string, adapter: Adapter = naiveAdapter) => runCase(adapter, caseOf(id));
const statusOf = async (id: string, adapter?: Adapter) => (await run(id, adapter)).status;

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

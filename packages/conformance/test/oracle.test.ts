import { describe, expect, it } from 'vitest';
import { buildCall } from '../src/data/call.js';
import { largestError } from '../src/expect/bound.js';
import { largest } from '../src/expect/compare.js';
import { caseOf } from '../src/index.js';
import { ask } from '../src/run/ask.js';
import { createAnswer, tryOtherWays } from '../src/run/oracle.js';
import { askInAnotherWay } from '../src/run/other-ways.js';

const built = (id: string) => buildCall(id, caseOf(id).parameters);
const ids = [
  'plain:B=2,Hq=4,Hkv=2,Lq=5,Lk=33,D=12,Dv=7',
  'layout:B=2,Hq=4,Hkv=2,Lq=5,Lk=33,D=12,Dv=7,layout=blhd',
  'causal:Lq=9,Lk=20,causal=bottomRight',
  'mask:Lq=5,Lk=7,mask=BHQ',
  'bias:Lq=5,Lk=7,bias=11Q',
  'scale:Lq=5,Lk=7,scale=-2',
  'scale:Lq=5,Lk=7,scale=0',
  'dLse:Lq=5,Lk=7,dLse=true',
  'rope:Lq=5,Lk=7,D=16,rope=half,rotary=8',
  'varlen:Hq=2,varlen=5-7+0-3+3-12',
  'kvLengths:B=3,Lq=5,Lk=9,kvLengths=edges',
  'sinks:Hq=2,sinks=true',
];

describe('other ways to compute', () => {
  // A way that computed another thing would widen every bound, and nothing would fail any more.
  it.each(ids)('give the same numbers: %s', (id) => {
    const call = built(id);
    const truth = ask(call.question);
    for (const way of [1, 2, 3]) {
      const other = askInAnotherWay(call, way);
      for (const [name, { data }] of Object.entries(truth)) {
        expect(largestError(other[name as 'out']!.data, data), name).toBeLessThan(1e-5 * Math.max(1, largest(data)));
      }
    }
  });

  it('differ in their rounding', () => {
    const call = built(ids[0]!);
    expect(askInAnotherWay(call, 1).dq!.data).not.toEqual(askInAnotherWay(call, 2).dq!.data);
  });

  it('come to an end', () => {
    const call = built('plain:Lq=3,Lk=5');
    const answer = createAnswer(call, ask(call.question));
    let looks = 0;
    while (tryOtherWays(answer, call)) looks++;
    expect(looks).toBe(4);
    expect(answer.naiveErrors.out).toBeGreaterThan(0);
    expect(answer.naiveErrors.out).toBeLessThan(1e-5);
  });
});

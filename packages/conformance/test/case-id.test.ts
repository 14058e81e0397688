import { describe, expect, it } from 'vitest';
import { buildCall } from '../src/data/call.js';
import { readValues } from '../src/data/tensor.js';
import { families, formatId, hash, parseId } from '../src/index.js';

describe('ids', () => {
  it('of every listed case read back to the case', () => {
    for (const { cases } of families) {
      for (const { id, family, parameters } of cases) expect(parseId(id)).toEqual({ family, parameters });
    }
  });

  it('are one of a kind over all families', () => {
    const ids = families.flatMap(({ cases }) => cases.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(2500);
  });

  it('do not depend on the order in which parameters were given', () => {
    expect(formatId('window', { right: 0, Lq: 3, left: 1 })).toBe('window:Lq=3,left=1,right=0');
    expect(formatId('plain', {})).toBe('plain:');
  });

  it('keep words that look like numbers', () => {
    expect(parseId('mask:mask=111,causal=-3,scale=0.001,dLse=true')).toEqual({
      family: 'mask',
      parameters: { mask: '111', causal: -3, scale: 0.001, dLse: true },
    });
  });

  it.each(['', 'window', ':left=1', 'window:lefty=1', 'window:left', 'window:left=1,left=2'])('refuse %j', (id) => {
    expect(() => parseId(id)).toThrow('[conformance] id:');
  });

  it('refuse values that would not read back', () => {
    expect(() => formatId('gold', { file: 'a,b' })).toThrow('file: expected a value without');
  });
});

describe('data', () => {
  // These are recorded: another value here means that every id now names other data.
  it('of an id never changes', () => {
    expect([hash(''), hash('window:left=1'), hash('ä')]).toEqual([2872998923, 364139760, 2618739704]);
    const { call } = buildCall('plain:Lq=2,Lk=3', { Lq: 2, Lk: 3 });
    expect([...readValues(call.q).slice(0, 3), ...readValues(call.v).slice(0, 2)]).toEqual([
      -0.2847233712673187, 2.1123440265655518, 0.9754793643951416, 1.8789092302322388, 0.07014529407024384,
    ]);
  });

  it('is the same for the same id and another for another', () => {
    const values = (id: string) => readValues(buildCall(id, { Lq: 4 }).call.q);
    expect(values('plain:Lq=4')).toEqual(values('plain:Lq=4'));
    expect(values('plain:Lq=4')).not.toEqual(values('plain:Lq=4,Lk=9'));
  });

  it('of q does not depend on the other tensors, nor on the layout but for its order', () => {
    const seed = 'x';
    const plain = buildCall(seed, { Lq: 3, Hq: 1 }).call;
    const masked = buildCall(seed, { Lq: 3, Hq: 1, mask: 'BHQ', layout: 'blhd' }).call;
    expect(readValues(masked.q)).toEqual(readValues(plain.q));
  });
});

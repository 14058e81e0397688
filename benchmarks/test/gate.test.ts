import { attention, attentionBackward, naiveAttention } from '@fa-metal/reference';
import { describe, expect, it } from 'vitest';
import { makeCall } from '../attention/call.js';
import { disagreement } from '../attention/gate/compare.js';
import type { Expected } from '../attention/gate/expected.js';
import { expectedOfPlain } from '../attention/gate/plain.js';
import { expectedOfTwin, twinOf } from '../attention/gate/twin.js';
import { Values } from '../attention/gate/values.js';
import type { Problem } from '../report/schema.js';
import { selfAttention } from '../suites/problems.js';

const small = { heads: 4, kvHeads: 2, headDim: 8 };
const problems: Record<string, Problem> = {
  dense: selfAttention(40, small),
  causal: selfAttention(40, { ...small, causal: true }),
  'two batch entries': selfAttention(24, { ...small, batch: 2, causal: true }),
  'one row of queries': { ...selfAttention(40, { ...small, causal: true }), queries: 1 },
};

/** All results of the plain problem at once, by the reference package. */
function wholeOf(problem: Problem): Record<string, Float64Array> {
  const { q, k, v, dOut } = new Values(problem);
  const call = makeCall(problem);
  const shaped = {
    q: { data: q, shape: call.q.shape },
    k: { data: k, shape: call.k.shape },
    v: { data: v, shape: call.v.shape },
  };
  const whole = { ...shaped, options: { causal: problem.causal ? 'bottomRight' : 'none' } as const };
  const gradients = attentionBackward(whole, { dOut: { data: dOut, shape: call.q.shape } });
  const { out, lse } = attention(whole);
  return { out: out.data, lse: lse.data, dq: gradients.dq.data, dk: gradients.dk.data, dv: gradients.dv.data };
}

describe('what a plain problem is checked against', () => {
  it.each(Object.entries(problems))('is the reference, row by row and key by key: %s', (_, problem) => {
    const [whole, expected] = [wholeOf(problem), expectedOfPlain(problem, 'forward+backward')];
    expect(Object.keys(expected)).toEqual(['out', 'lse', 'dq', 'dk', 'dv']);
    for (const [name, { at, reference, naive }] of Object.entries(expected)) {
      for (const [index, place] of at.entries()) {
        // dk and dv come from rows' statistics in float32.
        const digits = name === 'dk' || name === 'dv' ? 6 : 12;
        expect(reference[index], `${name}[${place}]`).toBeCloseTo(whole[name]?.[place] as number, digits);
        expect(naive[index], `${name}[${place}] in float32`).toBeCloseTo(whole[name]?.[place] as number, 5);
      }
    }
  });

  it('has the first and the last row and key', () => {
    const { lse, dk } = expectedOfPlain(problems['dense'] as Problem, 'forward+backward') as Expected;
    expect(lse?.at.map((place) => place % 40)).toEqual(expect.arrayContaining([0, 39]));
    expect(dk?.at.map((place) => Math.floor(place / 8) % 40)).toEqual(expect.arrayContaining([0, 39]));
  });

  it('has naive sums that are float32, not exact', () => {
    const { out } = expectedOfPlain(problems['dense'] as Problem, 'forward');
    expect(out?.naive).not.toEqual(out?.reference);
  });
});

describe('disagreement', () => {
  const problem = problems['causal'] as Problem;
  const whole = wholeOf(problem);
  const expected = expectedOfPlain(problem, 'forward+backward');
  const after = (name: string, change: (values: Float64Array, place: number) => void) => {
    const values = (whole[name] as Float64Array).slice();
    change(values, expected[name]?.at.at(-1) as number);
    return disagreement({ ...whole, [name]: values }, expected, 'float32');
  };

  it('is silent about right results, also in float32', () => {
    const rounded = Object.entries(whole).map(([name, values]) => [name, Float32Array.from(values)]);
    expect(disagreement(whole, expected, 'float32')).toBeUndefined();
    expect(disagreement(Object.fromEntries(rounded), expected, 'float32')).toBeUndefined();
  });

  it.each(['out', 'dq', 'dk', 'dv'])('names %s when it is off', (name) => {
    expect(after(name, (values, place) => (values[place] = (values[place] as number) + 1e-4))).toMatch(
      new RegExp(`^${name} is off by 1\\.0e-4, the accuracy rule allows`),
    );
  });

  it('takes NaN for wrong, and too few values, and no output at all', () => {
    expect(after('dk', (values, place) => (values[place] = Number.NaN))).toMatch(/^dk\[\d+\] is NaN/);
    expect(disagreement({ out: new Float64Array(3) }, expected, 'float32')).toMatch(/^out\[/);
    expect(disagreement({ dq: whole['dq'] as Float64Array }, expected, 'float32')).toBe('it gave no output');
  });

  it('is not satisfied by causal results where all keys are visible', () => {
    expect(disagreement(whole, expectedOfPlain(problems['dense'] as Problem, 'forward'), 'float32')).toMatch(/^out/);
  });
});

describe('the twin of a problem with options', () => {
  it.each([
    { window: 256 },
    { mask: true },
    { bias: 'gradient' as const },
    { alibi: true },
    { softcap: 30 },
    { sinks: true },
    { dropout: 0.1 },
    { rope: true },
    { lengths: [300, 1, 723] },
    { peak: 20 },
    { int8: true },
    { page: 16 },
  ])('is small, keeps %o, and makes a difference', (options) => {
    const forward = 'int8' in options || 'page' in options;
    const problem = selfAttention(1024, { causal: true, options });
    const twin = twinOf(forward ? { ...problem, queries: 1 } : problem);
    expect(twin.keys).toBeLessThan(100);
    expect(Object.keys(twin.options ?? {})).toEqual(Object.keys(options));
    const { out } = expectedOfTwin(twin, forward ? 'forward' : 'forward+backward');
    const { options: _, ...plain } = twin;
    const usual =
      'page' in options || 'lengths' in options ? undefined : naiveAttention(valuesOf(plain), 'float32').out.data;
    expect(out?.reference).not.toEqual(usual && [...usual]);
    expect(out?.reference.every(Number.isFinite)).toBe(true);
  });

  it('wants gradients of options that have one', () => {
    const names = (options: Problem['options']) =>
      Object.keys(expectedOfTwin(twinOf(selfAttention(64, { options: options ?? {} })), 'forward+backward'));
    expect(names({ bias: 'gradient' })).toContain('dBias');
    expect(names({ bias: 'constant' })).not.toContain('dBias');
    expect(names({ sinks: true, alibi: true })).toEqual(expect.arrayContaining(['dSinks', 'dAlibiSlopes']));
  });
});

function valuesOf(problem: Problem) {
  const { q, k, v } = new Values(problem);
  const call = makeCall(problem);
  return {
    q: { data: q, shape: call.q.shape },
    k: { data: k, shape: call.k.shape },
    v: { data: v, shape: call.v.shape },
    options: { causal: 'bottomRight' } as const,
  };
}

import { describe, expect, it } from 'vitest';
import {
  caseOf,
  coverageTable,
  emptyCells,
  type PairOutcome,
  pairCases,
  pairOptionsOf,
  pairsOf,
} from '../src/index.js';

const outcomesOf = (backend: string, direction: 'forward' | 'backward'): PairOutcome[] =>
  pairsOf(direction).map((pair) => ({ ...pair, backend, direction, passed: 1, refusals: [] }));
const whole = [...outcomesOf('cpu', 'forward'), ...outcomesOf('cpu', 'backward')];

describe('the pairs of options', () => {
  it('are all there are: each option alone and with every other', () => {
    const forward = pairOptionsOf('forward').length;
    expect(pairsOf('forward')).toHaveLength((forward * (forward + 1)) / 2);
    expect(pairOptionsOf('backward')).toContain('dLse');
    expect(new Set(pairsOf('backward').map(({ first, second }) => [first, second].sort().join())).size).toBe(
      pairsOf('backward').length,
    );
  });

  it('have ids that give the case back, and say both options', () => {
    for (const pair of pairsOf('backward')) {
      for (const size of ['few', 'many'] as const) {
        for (const one of pairCases(pair, size, 'backward')) {
          expect(caseOf(one.id).parameters).toEqual(one.parameters);
          const alone = (name: typeof pair.first) => pairCases({ first: name, second: name }, size, 'backward');
          for (const name of [pair.first, pair.second]) {
            const keys = alone(name).flatMap(({ parameters }) => Object.keys(parameters));
            expect(keys.filter((key) => key in one.parameters).length).toBeGreaterThan(0);
          }
        }
      }
    }
  });
});

describe('the coverage table', () => {
  it('has no empty cell where every pair has an outcome', () => {
    expect(emptyCells(['cpu'], whole)).toEqual([]);
  });

  it('tells a cell without a case, and one whose cases neither passed nor were refused', () => {
    const missing = whole.filter(
      ({ first, second, direction }) => !(first === 'mask' && second === 'sinks' && direction === 'forward'),
    );
    expect(emptyCells(['cpu'], missing)).toEqual(['cpu forward mask sinks']);
    const hollow = whole.map((one) => (one.first === 'bias' && one.second === 'dLse' ? { ...one, passed: 0 } : one));
    expect(emptyCells(['cpu'], hollow)).toEqual(['cpu backward bias dLse']);
    expect(emptyCells(['cpu', 'metal'], whole).length).toBe(whole.length);
  });

  it('counts what passed and numbers what was refused', () => {
    const refusal = { code: 'UNSUPPORTED', argument: 'q', message: 'a width of at most 256, got 576' };
    const text = coverageTable(whole.map((one) => (one.first === 'paged' ? { ...one, refusals: [refusal] } : one)));
    expect(text).toContain('## cpu, backward');
    expect(text).toContain('1 R1');
    expect(text).toContain('1. `UNSUPPORTED` of `q`: a width of at most 256, got 576');
  });
});

import { describe, expect, expectTypeOf, it } from 'vitest';
import { cases, families, family } from '../src/index.js';

const plan = { what: '', boundaries: '', control: '' };
const ids = (builder: { build(): { id: string }[] }): string[] => builder.build().map(({ id }) => id);

describe('cases', () => {
  it('combines, expands and filters', () => {
    const builder = cases('window')
      .combine('left', [0, 7])
      .expand('right', ({ left }) => [left, -1])
      .filter(({ left, right }) => left !== 7 || right !== -1);
    expect(ids(builder)).toEqual(['window:left=0,right=0', 'window:left=0,right=-1', 'window:left=7,right=7']);
  });

  it('combines parameters that belong together', () => {
    expect(
      ids(
        cases('plain')
          .combineFields([{ Lq: 1, Lk: 2 }, { Lq: 3 }])
          .combine('D', [8]),
      ),
    ).toEqual(['plain:Lq=1,Lk=2,D=8', 'plain:Lq=3,D=8']);
  });

  it('is not changed by what is built on it', () => {
    const base = cases('plain').combine('Lq', [1]);
    base.combine('Lk', [1, 2, 3]);
    expect(ids(base)).toEqual(['plain:Lq=1']);
  });

  it('rejects a parameter that is combined twice', () => {
    const base = cases('window').combine('left', [1]);
    // @ts-expect-error left is taken
    expect(() => base.combine('left', [2])).toThrow('left is combined twice');
    // @ts-expect-error left is taken
    expect(() => base.combineFields([{ left: 2, right: 1 }])).toThrow('left is combined twice');
  });

  it('knows the types of its parameters', () => {
    // @ts-expect-error no such parameter
    cases('window').combine('lefty', [1]);
    // @ts-expect-error no such value
    cases('window').combine('layout', ['bdlh']);
    cases('window')
      .combine('left', [1, 2])
      .filter(({ left }) => {
        expectTypeOf(left).toEqualTypeOf<1 | 2>();
        return true;
      });
  });

  it('groups what comes after beginSubcases', () => {
    const built = cases('plain').combine('Lq', [1, 2]).beginSubcases().combine('dtype', ['float32', 'float16']).build();
    expect(built.map(({ group }) => group)).toEqual(['plain:Lq=1', 'plain:Lq=1', 'plain:Lq=2', 'plain:Lq=2']);
    expect(() => cases('plain').beginSubcases().beginSubcases()).toThrow('twice');
  });
});

describe('family', () => {
  it('rejects a case that is listed twice', () => {
    expect(() =>
      family('plain', plan, cases('plain').combine('Lq', [1]), cases('plain').combine('Lq', [1, 2])),
    ).toThrow('plain:Lq=1 is listed twice');
  });

  it("rejects another family's cases", () => {
    expect(() => family('plain', plan, cases('window'))).toThrow('a case of family window');
  });

  it('has a plan, in every family of the suite', () => {
    for (const {
      name,
      plan: { what, boundaries, control },
    } of families) {
      for (const text of [what, boundaries, control]) expect(text.length, name).toBeGreaterThan(5);
    }
  });
});

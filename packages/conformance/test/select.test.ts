import { describe, expect, it } from 'vitest';
import { cases, families, family, select } from '../src/index.js';

const plan = { what: '', boundaries: '', control: '' };
const idsOf = (chosen: readonly { cases: readonly { id: string }[] }[]): string[] =>
  chosen.flatMap((one) => one.cases.map(({ id }) => id));

describe('select', () => {
  it('keeps everything by default', () => {
    expect(idsOf(select(families, {}))).toEqual(idsOf(families));
  });

  it('filters by a part of the id and drops empty families', () => {
    const chosen = select(families, { filter: 'window:' });
    expect(chosen.map(({ name }) => name)).toEqual(['window']);
    expect(select(families, { filter: 'no such thing' })).toEqual([]);
  });

  it('smoke keeps some of every family, and refusals whole', () => {
    const chosen = select(families, { subset: 'smoke' });
    expect(chosen.map(({ name }) => name)).toEqual(families.map(({ name }) => name));
    for (const { name, cases } of chosen) expect(cases.length, name).toBeGreaterThanOrEqual(4);
    const whole = families.find(({ name }) => name === 'refusal')!.cases.length;
    expect(chosen.find(({ name }) => name === 'refusal')!.cases.length).toBe(whole);
    expect(idsOf(chosen).length).toBeLessThan(0.2 * idsOf(families).length);
  });

  it('does not choose others when a case is added', () => {
    const many = cases('plain').combine(
      'Lq',
      Array.from({ length: 400 }, (_, i) => i + 1),
    );
    const before = idsOf(select([family('plain', plan, many)], { subset: 'smoke' }));
    const after = idsOf(select([family('plain', plan, many, cases('plain').combine('Lk', [1]))], { subset: 'smoke' }));
    expect(before.filter((id) => !after.includes(id))).toEqual([]);
  });

  it('smoke prefers another group to a second case of the same', () => {
    const grouped = cases('plain').combine('Lq', [1, 2, 3, 4]).beginSubcases().combine('Lk', [1, 2, 3, 4, 5]);
    const [chosen] = select([family('plain', plan, grouped)], { subset: 'smoke' });
    expect(new Set(chosen!.cases.map(({ group }) => group)).size).toBe(4);
  });
});

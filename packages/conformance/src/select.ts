import type { Case, Family } from './builder.js';
import { hash } from './case-id.js';

/** smoke: a stable tenth, at least four of each family, and families such as the refusals whole. */
export type Subset = 'smoke' | 'full';

export interface Selection {
  /** Default full. */
  subset?: Subset;
  /** Keeps cases whose id starts with this, or contains it. */
  filter?: string;
}

const smokeFraction = 0.1;
const smokeLeast = 4;

/** Chooses by the hash of ids, so that adding a case does not change which others are chosen. */
export function select(families: readonly Family[], { subset = 'full', filter = '' }: Selection): Family[] {
  return families
    .map((family) => {
      const matching = family.cases.filter(({ id }) => id.includes(filter));
      return { ...family, cases: subset === 'full' || family.whole === true ? matching : sample(matching) };
    })
    .filter(({ cases }) => cases.length > 0);
}

function sample(cases: readonly Case[]): Case[] {
  const ranked = cases.map((one) => ({ one, rank: hash(one.id) })).sort((a, b) => a.rank - b.rank);
  const count = ranked.filter(({ rank }) => rank < smokeFraction * 2 ** 32).length;
  const chosen = new Set(oneOfEachGroup(ranked.map(({ one }) => one)).slice(0, Math.max(count, smokeLeast)));
  return cases.filter((one) => chosen.has(one));
}

/** Cases of a group differ in what matters least, so a second one comes only after all groups had their turn. */
function oneOfEachGroup(cases: readonly Case[]): Case[] {
  const seen = new Set<string>();
  const first = cases.filter(({ group }) => !seen.has(group) && seen.add(group));
  const chosen = new Set(first);
  return [...first, ...cases.filter((one) => !chosen.has(one))];
}

import type { Case } from './builder.js';
import { formatId, parseId } from './case-id.js';

/** The case that an id names, listed or not. @throws Error for text that is not an id */
export function caseOf(id: string): Case {
  const { family, parameters } = parseId(id);
  const canonical = formatId(family, parameters);
  return { family, parameters, id: canonical, group: canonical };
}

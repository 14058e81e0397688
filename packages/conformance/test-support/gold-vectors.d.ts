import { type Family } from '../src/index.js';
/** The repository's gold vectors as a family of cases. */
export declare function goldVectors(): Family;
//# sourceMappingURL=gold-vectors.d.ts.map

import { cases, family } from '../builder.js';
import { dtypes } from '../sizes.js';

export const lengths = family(
  'lengths',
  {
    what: 'The smallest calls, and lengths far apart.',
    boundaries: 'Lk = 0: out 0, lse -Infinity, dq 0; one key; one query; many queries of few keys and the reverse.',
    control: 'Lq = Lk = 2.',
  },
  cases('lengths')
    .combine('Lk', [0])
    .combine('Lq', [1, 17, 130])
    .beginSubcases()
    .combine('dtype', dtypes)
    .combine('causal', ['none', 'bottomRight']),
  cases('lengths')
    .combineFields([
      { Lq: 2, Lk: 2 },
      { Lq: 1, Lk: 1 },
      { Lq: 1, Lk: 300 },
      { Lq: 200, Lk: 1 },
      { Lq: 130, Lk: 3 },
      { Lq: 3, Lk: 300 },
    ])
    .combineFields([{ Hq: 1 }, { B: 2, Hq: 4, Hkv: 1 }])
    .beginSubcases()
    .combine('dtype', dtypes)
    .combine('D', [16, 33]),
);

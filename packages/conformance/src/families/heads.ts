import { cases, family } from '../builder.js';

export const heads = family(
  'heads',
  {
    what: 'Batches, and grouped heads: query head h reads key/value head floor(h / (Hq / Hkv)); their gradients are sums over the group.',
    boundaries:
      'Ratios 1, 2, 3, 4, 8, 16; one key/value head for all (MQA); few rows, where kernels put the heads of a group side by side; counts that divide unevenly over threads.',
    control: 'Hkv = Hq.',
  },
  cases('heads')
    .combineFields([
      { Hq: 2, Hkv: 2 },
      { Hq: 2, Hkv: 1 },
      { Hq: 3, Hkv: 1 },
      { Hq: 4, Hkv: 2 },
      { Hq: 6, Hkv: 3 },
      { Hq: 8, Hkv: 1 },
      { Hq: 8, Hkv: 2 },
      { Hq: 16, Hkv: 1 },
      { Hq: 12, Hkv: 4 },
    ])
    .combine('B', [1, 2, 3])
    .beginSubcases()
    .combineFields([
      { Lq: 1, Lk: 33 },
      { Lq: 7, Lk: 20, layout: 'blhd' },
      { Lq: 17, Lk: 49, causal: 'bottomRight' },
    ]),
);

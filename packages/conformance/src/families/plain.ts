import { cases, family } from '../builder.js';
import { dtypes, headWidths, tileEdges, unequalWidths } from '../sizes.js';

export const plain = family(
  'plain',
  {
    what: 'Attention with no option: every size, every width, every dtype.',
    boundaries:
      'Lengths one below, on and above each tile of queries and keys; widths that fill no vector; Dv other than D.',
    control: 'Lk = 1 gives out = v, whatever q is.',
  },
  cases('plain')
    .combine('Lq', tileEdges.queries)
    .combine('Lk', tileEdges.keys)
    .beginSubcases()
    .expand(
      'dtype',
      ({ Lq, Lk }) =>
        // Every size in float32; the narrow dtypes share its tiles, so they take turns.
        ['float32', (Lq + Lk) % 2 === 0 ? 'float16' : 'bfloat16'] as const,
    ),
  cases('plain')
    .combine('D', headWidths)
    .combineFields([{ Lq: 17, Lk: 35 }])
    .beginSubcases()
    .combine('dtype', dtypes),
  cases('plain')
    .combineFields(unequalWidths)
    .combineFields([{ Lq: 17, Lk: 34 }])
    .beginSubcases()
    .combine('dtype', dtypes),
  // Past 32767, where a 16-bit index would turn negative.
  cases('plain')
    .combineFields([
      { Lq: 1, Lk: 32771 },
      { Lq: 32771, Lk: 1 },
    ])
    .combine('D', [4]),
  cases('plain').combineFields(tileEdges.long).combine('D', [16]).beginSubcases().combine('dtype', dtypes),
);

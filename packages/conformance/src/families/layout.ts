import { cases, family } from '../builder.js';
import { dtypes } from '../sizes.js';

const sizes = [
  { B: 2, Hq: 4, Hkv: 2, Lq: 1, Lk: 9 },
  { B: 2, Hq: 3, Hkv: 1, Lq: 17, Lk: 34 },
  { B: 1, Hq: 2, Hkv: 2, Lq: 49, Lk: 100 },
] as const;

export const layout = family(
  'layout',
  {
    what: 'blhd read and written by strides; q, k, v, dOut as views: the head of a longer cache, rows with gaps, data off its alignment.',
    boundaries:
      'Unused rows and gaps hold NaN, so that reading one shows; guards stand around every buffer; widths that fill no vector.',
    control: 'A view has the bits of the packed tensor.',
  },
  cases('layout')
    .combine('layout', ['bhld', 'blhd'])
    .combine('view', ['packed', 'capacity', 'gaps', 'offset'])
    .combineFields(sizes)
    .beginSubcases()
    .combine('D', [8, 13, 40])
    .combine('dtype', dtypes),
  cases('layout')
    .combine('layout', ['bhld', 'blhd'])
    .combine('view', ['capacity', 'gaps', 'offset'])
    .combine('Dv', [5])
    .combine('D', [16])
    .combineFields(sizes)
    .combine('causal', ['bottomRight'])
    .combine('sameAs', ['packed']),
);

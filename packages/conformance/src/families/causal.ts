import { cases, family } from '../builder.js';
import { tileEdges } from '../sizes.js';

export const causal = family(
  'causal',
  {
    what: 'Key j is visible to query i iff j <= i + offset: topLeft, bottomRight, and offsets of the caller.',
    boundaries:
      'The diagonal on, before and past a tile edge; negative offsets and Lq > Lk with bottomRight, whose first rows see no key; offsets that hide all or nothing.',
    control: 'An explicit offset has the bits of the word for it; one that hides nothing has the bits of no causal.',
  },
  cases('causal')
    .combine('causal', ['topLeft', 'bottomRight', -200, -7, -1, 0, 1, 15, 1000])
    .combineFields(tileEdges.mixed)
    .beginSubcases()
    .combine('dtype', ['float32', 'float16']),
  cases('causal')
    .combine('causal', ['topLeft', 'bottomRight'])
    .combineFields(tileEdges.long)
    .combine('Hq', [2])
    .combine('Hkv', [1]),
  cases('causal').combineFields(tileEdges.mixed).combine('causal', [0]).combine('sameAs', ['topLeft']),
  cases('causal')
    .combineFields(tileEdges.mixed)
    .expand('causal', ({ Lq, Lk }) => [Lk! - Lq!])
    .combine('sameAs', ['bottomRight']),
  cases('causal').combineFields(tileEdges.mixed).combine('causal', [5000]).combine('sameAs', ['noCausal']),
);

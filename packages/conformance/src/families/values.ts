import { cases, family } from '../builder.js';
import { dtypes, tileEdges } from '../sizes.js';

export const scale = family(
  'scale',
  {
    what: 'A factor of the caller on the scores.',
    boundaries: '0, where every visible key weighs the same; negative; so large that one key takes all.',
    control: 'The value of the default has the bits of the default.',
  },
  cases('scale')
    .combine('scale', [0, -0.25, 0.001, 1, -3, 20])
    .combineFields(tileEdges.few)
    .beginSubcases()
    .combine('dtype', dtypes),
  cases('scale')
    .combine('scale', [0, -1])
    .combine('causal', ['topLeft'])
    .combine('left', [5])
    .combineFields(tileEdges.few),
  cases('scale')
    .combine('D', [16])
    .combine('scale', [0.25])
    .combineFields(tileEdges.few)
    .combine('sameAs', ['defaultScale']),
);

export const values = family(
  'values',
  {
    what: 'Data that is hard on a softmax over blocks of keys.',
    boundaries:
      'One key with all the weight; equal scores; a maximum that rises with every key or falls from the first; an outlier in v; products below the smallest normal number.',
    control: 'The families with normal data.',
  },
  cases('values')
    .combine('values', ['peaked', 'zeroQ', 'equalKeys', 'ascending', 'descending', 'outlierV', 'tiny'])
    .combine('D', [16])
    .combineFields([...tileEdges.few, { Lq: 25, Lk: 300 }])
    .beginSubcases()
    .combine('dtype', dtypes),
  cases('values').combine('values', ['denormal']).combine('D', [16]).combineFields(tileEdges.few),
  cases('values')
    .combine('values', ['peaked', 'ascending', 'descending'])
    .combine('D', [32])
    .combine('causal', ['bottomRight'])
    .combineFields([
      { Lq: 130, Lk: 129 },
      { Lq: 64, Lk: 260 },
    ]),
);

export const nonFinite = family(
  'nonFinite',
  {
    what: 'A NaN or an infinity reaches the rows that see it and their lse, and no other row.',
    boundaries:
      'In q, k, v, bias; visible to all rows, or to some by causal, window or mask; behind a mask or a bias of minus infinity for every row, where it must leave no trace in results or gradients.',
    control: 'Rows that do not see it are held to the usual bound, in the same call.',
  },
  cases('nonFinite')
    .combine('plant', ['qNaN', 'kNaN', 'vNaN', 'qInf', 'kInf', 'vInf', 'vMinusInf'])
    .combineFields([{}, { causal: 'topLeft' }, { left: 4, right: 4 }, { mask: '11Q' }])
    .beginSubcases()
    .combineFields([
      { Lq: 17, Lk: 33 },
      { Lq: 49, Lk: 130 },
      { Lq: 9, Lk: 9, B: 2, Hq: 4, Hkv: 2 },
      { Lq: 9, Lk: 9, D: 3 },
    ])
    .combine('dtype', ['float32', 'float16']),
  // One pair alone is hidden, at a corner of a block of 96 or 128 keys, and the NaN is in it.
  cases('nonFinite')
    .combine('plant', ['kNaN', 'vNaN'])
    .combine('Lq', [5])
    .combineFields([
      { Lk: 191, causal: 94 },
      { Lk: 255, causal: 126 },
      { Lk: 192, align: 94, left: 1 },
      { Lk: 256, align: 126, left: 1 },
    ]),
  cases('nonFinite')
    .combine('plant', ['qNaN', 'qInf'])
    .combine('Lq', [1])
    .combineFields([
      { Lk: 9, causal: 7 },
      { Lk: 9, align: 2, left: 1 },
    ]),
  cases('nonFinite')
    .combine('plant', ['hiddenNaN', 'hiddenInf', 'hidden1e30'])
    .combine('mask', ['111', 'BHQ'])
    .beginSubcases()
    .combineFields([
      { Lq: 5, Lk: 7 },
      { Lq: 17, Lk: 33, B: 2, Hq: 4, Hkv: 2 },
      { Lq: 49, Lk: 130 },
    ])
    .combine('dtype', dtypes),
  cases('nonFinite')
    .combine('plant', ['hiddenNaN', 'hiddenInf'])
    .combine('bias', ['111', 'BHQ'])
    .combineFields([
      { Lq: 5, Lk: 7 },
      { Lq: 49, Lk: 130 },
    ])
    .combineFields([{ gradients: false }, { biasGradient: false }, {}])
    .beginSubcases()
    .combine('dtype', dtypes),
  cases('nonFinite')
    .combine('plant', ['biasNaN'])
    .combine('bias', ['1HQ', '111'])
    .combineFields(tileEdges.few)
    .combineFields([{ gradients: false }, { biasGradient: false }]),
);

export const determinism = family(
  'determinism',
  {
    what: 'The same call gives the same bits, again and on any number of threads.',
    boundaries:
      'Long enough to be cut into pieces over queries, keys and heads; grouped heads, whose gradients are summed.',
    control: 'Every run is also held to the truth.',
  },
  cases('determinism')
    .combine('repeat', [3])
    .combineFields([
      { B: 2, Hq: 4, Hkv: 2, Lq: 65, Lk: 130 },
      { Hq: 8, Hkv: 1, Lq: 130, Lk: 97 },
      { Lq: 400, Lk: 200 },
      { Hq: 2, Lq: 1, Lk: 1000 },
      { B: 3, Hq: 2, Lq: 7, Lk: 300 },
    ])
    .combine('causal', ['none', 'bottomRight'])
    .beginSubcases()
    .combine('dtype', dtypes),
);

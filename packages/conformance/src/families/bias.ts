import { cases, family } from '../builder.js';

const broadcasts = ['111', '11Q', '1H1', '1HQ', 'B11', 'B1Q', 'BH1', 'BHQ'] as const;
const sizes = [
  { B: 2, Hq: 4, Hkv: 2, Lq: 5, Lk: 7 },
  { B: 2, Hq: 2, Hkv: 1, Lq: 33, Lk: 97 },
] as const;
/** Forward alone; gradients of q, k, v; dBias too. */
const directions = [{ gradients: false }, { biasGradient: false }, {}] as const;

export const bias = family(
  'bias',
  {
    what: 'A float bias added to the scores, broadcast over any of batch, heads and queries, and its gradient in the shape it came with.',
    boundaries:
      'Every broadcast; -Infinity for some keys and for whole rows; -10000 as the usual stand-in; bias in another dtype than q.',
    control: 'A bias of zeros is held to the same truth as none.',
  },
  cases('bias')
    .combine('bias', broadcasts)
    .combine('biasKind', ['normal', 'negInf', 'deadRows'])
    .beginSubcases()
    .combineFields(sizes)
    .combineFields(directions),
  cases('bias')
    .combine('bias', ['11Q', 'BHQ'])
    .combine('biasKind', ['zero', 'minus1e4'])
    .combineFields(sizes)
    .beginSubcases()
    .combineFields(directions),
  cases('bias')
    .combine('bias', ['1HQ', 'B11'])
    .combine('biasDtype', ['float32', 'float16', 'bfloat16'])
    .combine('dtype', ['float32', 'float16', 'bfloat16'])
    .beginSubcases()
    .combineFields(sizes)
    .combineFields([{ gradients: false }, { biasGradient: false }]),
  cases('bias')
    .combine('bias', ['1HQ'])
    .combineFields([{ B: 1, Hq: 2, Hkv: 1, Lq: 49, Lk: 130 }])
    .combine('causal', ['topLeft', 'bottomRight'])
    .combine('mask', ['111', 'BHQ'])
    .beginSubcases()
    .combineFields(directions),
);

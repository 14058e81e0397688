import { cases, family } from '../builder.js';

const broadcasts = ['111', '11Q', '1H1', '1HQ', 'B11', 'B1Q', 'BH1', 'BHQ'] as const;
const sizes = [
  { B: 2, Hq: 4, Hkv: 2, Lq: 5, Lk: 7 },
  { B: 2, Hq: 2, Hkv: 1, Lq: 33, Lk: 97 },
  { B: 3, Hq: 2, Hkv: 2, Lq: 49, Lk: 130 },
] as const;

export const mask = family(
  'mask',
  {
    what: 'A bool mask, true = keep, broadcast over any of batch, heads and queries.',
    boundaries:
      'Every broadcast; rows and whole calls with no visible key (out 0, lse -Infinity, gradients 0); padding that ends inside a key block; together with causal and window.',
    control: 'A mask that keeps everything is held to the same truth as no mask.',
  },
  cases('mask')
    .combine('mask', broadcasts)
    .combine('maskKind', ['random', 'deadRows', 'padding'])
    .beginSubcases()
    .combineFields(sizes),
  cases('mask')
    .combine('mask', ['111', 'BHQ'])
    .combine('maskKind', ['keep', 'drop'])
    .combineFields(sizes)
    .beginSubcases()
    .combine('dtype', ['float32', 'bfloat16']),
  cases('mask')
    .combine('mask', ['1HQ', 'B11'])
    .combineFields(sizes)
    .beginSubcases()
    .combine('dtype', ['float16', 'bfloat16'])
    .combine('layout', ['bhld', 'blhd']),
  cases('mask')
    .combine('mask', ['11Q', 'BHQ'])
    .combineFields(sizes)
    .combine('causal', ['topLeft', 'bottomRight'])
    .beginSubcases()
    .combine('left', [-1, 9]),
  cases('mask')
    .combine('mask', ['11Q', 'BHQ'])
    .combine('maskKind', ['steps'])
    .combineFields([{ Hq: 2, Hkv: 1, Lq: 100, Lk: 200 }])
    .beginSubcases()
    .combine('dtype', ['float32', 'float16']),
);

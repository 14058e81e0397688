import { cases, family } from '../builder.js';
import { dtypes, tileEdges } from '../sizes.js';

export const dLse = family(
  'dLse',
  {
    what: 'A gradient of lse comes in beside that of out, as ring attention and z-losses send it.',
    boundaries:
      'Rows without a visible key, whose lse is -Infinity and whose gradients stay 0; a single key, where the gradient of out adds nothing to dq and dLse is all there is.',
    control: 'The families without dLse.',
  },
  cases('dLse')
    .combine('dLse', [true])
    .combineFields(tileEdges.mixed)
    .combine('causal', ['none', 'bottomRight'])
    .beginSubcases()
    .combine('dtype', dtypes),
  cases('dLse')
    .combine('dLse', [true])
    .combine('mask', ['1HQ'])
    .combine('maskKind', ['deadRows', 'drop'])
    .combineFields(tileEdges.few)
    .combineFields([{ B: 2, Hq: 4, Hkv: 2 }])
    .beginSubcases()
    .combine('layout', ['bhld', 'blhd']),
);

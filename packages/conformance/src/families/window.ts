import { cases, family } from '../builder.js';
import { tileEdges } from '../sizes.js';

export const window = family(
  'window',
  {
    what: 'A window {left, right} hides keys by their distance from the diagonal.',
    boundaries:
      'A window of one key; one that ends on a tile edge; one wider than the sequence; rows that see nothing; a diagonal that causal or align moves.',
    control: 'An unbounded window equals no window, to the bit.',
  },
  cases('window')
    .combine('left', [-1, 0, 1, 7, 31, 32, 96, 500])
    .combine('right', [-1, 0, 3, 32])
    .combine('causal', ['none', 'topLeft', 'bottomRight'])
    .filter(({ left, right, causal }) => !(causal === 'none' && left < 0 && right < 0))
    .beginSubcases()
    .combineFields([
      { Lq: 33, Lk: 33 },
      { Lq: 17, Lk: 97 },
      { Lq: 97, Lk: 17 },
      { Lq: 49, Lk: 130 },
    ]),
  cases('window')
    .combine('left', [0, 8])
    .combine('right', [0, 5])
    .combine('align', ['topLeft', 'bottomRight', -9, 40])
    .combineFields(tileEdges.mixed),
  cases('window')
    .combine('left', [2, 33])
    .combine('right', [0])
    .combine('causal', [-5, 20])
    .combineFields(tileEdges.mixed),
  cases('window').combine('left', [31]).combine('right', [2]).combineFields(tileEdges.long),
  cases('window')
    .combine('left', [16])
    .combine('dtype', ['float16', 'bfloat16'])
    .combineFields(tileEdges.few)
    .combineFields([{ B: 2, Hq: 4, Hkv: 2 }]),
  cases('window')
    .combine('left', [-1])
    .combine('right', [-1])
    .combineFields(tileEdges.mixed)
    .combine('causal', ['none', 'bottomRight'])
    .combine('sameAs', ['noWindow']),
);

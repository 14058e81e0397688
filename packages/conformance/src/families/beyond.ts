import { cases, family } from '../builder.js';
import { tileEdges } from '../sizes.js';

const grouped = [{ B: 2, Hq: 4, Hkv: 2 }] as const;

export const softcap = family(
  'softcap',
  {
    what: 'Scores become c * tanh(s / c) before bias and visibility.',
    boundaries: 'Far below the scores, where they saturate; far above, where nothing changes; -Infinity stays.',
    control: 'A softcap of 1000 is held to a truth that is close to none.',
  },
  cases('softcap')
    .combine('softcap', [0.5, 2, 30, 1000])
    .combineFields(tileEdges.few)
    .beginSubcases()
    .combine('dtype', ['float32', 'bfloat16']),
  cases('softcap')
    .combine('softcap', [2])
    .combine('mask', ['BHQ'])
    .combine('maskKind', ['deadRows'])
    .combineFields(tileEdges.few)
    .combineFields(grouped),
);

export const alibi = family(
  'alibi',
  {
    what: 'ALiBi: slope * |i + off - j| is taken from the score; its gradient by slope.',
    boundaries: 'Slopes by head and by batch; the diagonal of causal, of align, and the default bottomRight.',
    control: 'The truth counts the distance pair by pair.',
  },
  cases('alibi')
    .combine('alibi', ['H', 'BH'])
    .combineFields(tileEdges.few)
    .combineFields(grouped)
    .combineFields([{}, { causal: 'topLeft' }, { causal: 'bottomRight' }, { align: 'topLeft' }])
    .beginSubcases()
    .combineFields([{ gradients: false }, {}]),
);

export const sinks = family(
  'sinks',
  {
    what: 'A logit for each head that joins the denominator only, and its gradient.',
    boundaries: 'Rows with no visible key: out 0, lse = sink.',
    control: 'The truth adds the sink to the sum.',
  },
  cases('sinks')
    .combine('sinks', [true])
    .combineFields(tileEdges.few)
    .combineFields(grouped)
    .combineFields([{}, { causal: 'bottomRight' }, { mask: '11Q', maskKind: 'deadRows' }])
    .beginSubcases()
    .combineFields([{ gradients: false }, {}, { dLse: true }]),
);

export const dropout = family(
  'dropout',
  {
    what: 'Probabilities dropped by Philox4x32-10 from the seed, the same in forward and backward, in every tiling.',
    boundaries: 'Rates 0, small and large; keys that are no multiple of four; lse is not affected.',
    control: 'Rate 0 is held to the truth without dropout.',
  },
  cases('dropout')
    .combine('dropout', [0, 0.1, 0.9])
    .combineFields([...tileEdges.few, { Lq: 18, Lk: 35 }])
    .combineFields(grouped)
    .beginSubcases()
    .combine('causal', ['none', 'topLeft']),
);

export const kvLengths = family(
  'kvLengths',
  {
    what: 'Keys at or past a length are invisible and never read; bottomRight counts from the length.',
    boundaries: 'Lengths 0, 1 and Lk; what lies past them is NaN; dk and dv there are 0.',
    control: 'Lengths of Lk, in the same batch.',
  },
  cases('kvLengths')
    .combine('kvLengths', ['random', 'edges'])
    .combineFields(tileEdges.few)
    .combineFields([{ B: 3, Hq: 4, Hkv: 2 }])
    .combine('causal', ['none', 'bottomRight'])
    .beginSubcases()
    .combine('dtype', ['float32', 'float16']),
);

export const varlen = family(
  'varlen',
  {
    what: 'Sequences of any length packed one after the other.',
    boundaries: 'Empty sequences of queries, of keys, of both; one sequence alone; a start on a tile edge and off it.',
    control: 'A single sequence.',
  },
  cases('varlen')
    .combine('varlen', ['17-33', '5-7+0-3+33-12', '16-16+1-1+48-96', '3-0+4-5', '0-0+9-9'])
    .combineFields([{ Hq: 4, Hkv: 2 }])
    .combine('causal', ['none', 'topLeft', 'bottomRight'])
    .beginSubcases()
    .combine('dtype', ['float32', 'bfloat16']),
);

export const paged = family(
  'paged',
  {
    what: 'Keys and values in a pool of pages, found by a block table; forward.',
    boundaries:
      'A length that ends inside a page and on its end; pages in no order; a page that belongs to nobody; NaN past every length.',
    control: 'Lengths of the whole capacity.',
  },
  cases('paged')
    .combine('pageSize', [4, 16])
    .combineFields([
      { Lq: 1, Lk: 32 },
      { Lq: 5, Lk: 48 },
    ])
    .combineFields([{ B: 3, Hq: 4, Hkv: 2 }])
    .combine('kvLengths', ['random', 'edges'])
    .combine('gradients', [false]),
);

export const int8 = family(
  'int8',
  {
    what: 'int8 keys and values with a float32 scale for each token and head; forward.',
    boundaries: 'The extremes -127 and 127; one key; past a key block; float16 queries.',
    control: 'The truth multiplies by the scale first.',
  },
  cases('int8')
    .combine('int8', [true])
    .combineFields(tileEdges.few)
    .combineFields(grouped)
    .combine('gradients', [false])
    .beginSubcases()
    .combine('dtype', ['float32', 'float16']),
);

export const rope = family(
  'rope',
  {
    what: 'Rotary embedding of q and k on load; gradients come back through the inverse rotation.',
    boundaries: 'Both pairings; part of the width; queries at the end of the keys.',
    control: 'The truth rotates in float64.',
  },
  cases('rope')
    .combine('rope', ['half', 'interleaved'])
    .combine('D', [16])
    .combine('rotary', [8, 16])
    .combineFields(tileEdges.few)
    .combineFields(grouped)
    .beginSubcases()
    .combine('dtype', ['float32', 'float16']),
);

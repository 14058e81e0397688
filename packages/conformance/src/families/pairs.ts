import type { Case } from '../builder.js';
import { formatId } from '../case-id.js';
import type { CaseParameters } from '../parameters.js';

/** Every option of the contract, each with the ways to say it, which are tried in turn. */
export const pairOptions = {
  dtype: [{ dtype: 'float16' }, { dtype: 'bfloat16' }],
  layout: [{ layout: 'blhd' }],
  strides: [{ view: 'gaps' }, { view: 'capacity' }, { view: 'offset' }],
  groupedHeads: [
    { Hq: 4, Hkv: 2 },
    { Hq: 3, Hkv: 1 },
  ],
  headWidth: [{ D: 192 }, { D: 256 }, { D: 576, Dv: 512 }],
  valueWidth: [{ Dv: 128 }, { Dv: 8 }, { Dv: 40 }],
  shared: [{ shared: true }],
  scale: [{ scale: 0.4 }],
  softcap: [{ softcap: 2 }, { softcap: 30 }],
  causal: [{ causal: 'topLeft' }, { causal: 'bottomRight' }, { causal: 3 }],
  align: [{ align: 'topLeft' }, { align: 'bottomRight' }, { align: 3 }],
  window: [
    { left: 5, right: 3 },
    { left: 9, right: -1 },
  ],
  mask: [{ mask: 'BHQ' }, { mask: '11Q', maskKind: 'deadRows' }, { mask: 'B11' }],
  bias: [{ bias: '1HQ' }, { bias: '111' }, { bias: 'BHQ', biasGradient: false }, { bias: 'BHQ' }, { bias: 'B11' }],
  alibi: [{ alibi: 'H' }, { alibi: 'BH' }],
  sinks: [{ sinks: true }],
  dropout: [{ dropout: 0.25 }],
  kvLengths: [{ kvLengths: 'random' }],
  varlen: [{ varlen: '' }],
  paged: [{ pageSize: 4, kvLengths: 'random' }],
  int8: [{ int8: true }, { int8: 'k' }, { int8: 'v' }],
  rope: [{ rope: 'half' }, { rope: 'interleaved', rotary: 6 }],
  positions: [{ rope: 'half', positions: true }],
  dLse: [{ dLse: true }],
} as const satisfies Record<string, readonly CaseParameters[]>;

export type PairOption = keyof typeof pairOptions;

/** Few rows and many, because kernels differ; two batch entries, so that what is counted inside of each shows. */
const sizes = {
  few: { B: 2, Hq: 2, Lq: 1, Lk: 37, D: 16 },
  many: { B: 2, Hq: 2, Lq: 21, Lk: 37, D: 16 },
} as const;
export type PairSize = keyof typeof sizes;
/** No sequence has more queries than keys: RoPE's default positions of the first ones would be negative. */
const sequences = { few: '1-19+0-3+2-30', many: '17-33+0-3+20-20' } as const;

/** Two options, or one and itself: that option alone. */
export interface Pair {
  readonly first: PairOption;
  readonly second: PairOption;
}

/** Options that a direction has. */
export function pairOptionsOf(direction: 'forward' | 'backward'): PairOption[] {
  const names = Object.keys(pairOptions) as PairOption[];
  return direction === 'backward' ? names : names.filter((name) => name !== 'dLse');
}

export function pairsOf(direction: 'forward' | 'backward'): Pair[] {
  const names = pairOptionsOf(direction);
  return names.flatMap((first, index) => names.slice(index).map((second) => ({ first, second })));
}

/** The cases of a pair: each way to say either option at least once. */
export function pairCases({ first, second }: Pair, size: PairSize, direction: 'forward' | 'backward'): Case[] {
  const [a, b] = [pairOptions[first], pairOptions[second]] as [readonly CaseParameters[], readonly CaseParameters[]];
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const chosen = { ...a[index % a.length], ...b[index % b.length] };
    const parameters = { ...joined(chosen, size), gradients: direction === 'backward' };
    return { family: 'pairs', id: formatId('pairs', parameters), group: `pairs:${first},${second}`, parameters };
  });
}

/** Mends what two options, each in its own words, would make illegal together. */
function joined(chosen: CaseParameters, size: PairSize): CaseParameters {
  const parameters: CaseParameters = { ...sizes[size], ...chosen };
  const { D = 0, Dv = D, shared, int8, rope, kvLengths, varlen } = parameters;
  // v is a part of k.
  if (shared && Dv > D) Object.assign(parameters, { D: Dv, Dv: D });
  if (shared && int8 !== undefined) parameters.int8 = true;
  // A length below Lq leaves negative default positions.
  if (rope !== undefined && kvLengths !== undefined && (size === 'many' || varlen !== undefined)) {
    parameters.positions = true;
  }
  if (varlen === undefined) return parameters;
  const { B: _B, Lq: _Lq, Lk: _Lk, ...rest } = parameters;
  return { ...rest, varlen: sequences[size] };
}

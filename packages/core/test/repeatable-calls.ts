import {
  type BuiltCall,
  bitDifference,
  buildCall,
  type CaseParameters,
  formatId,
  type OutputName,
  type Outputs,
  type Tensor,
} from '@fa-metal/conformance';
import type { MetalRoute } from './generated/metal-variants.js';

/** A call that must give the same bits whenever it is made. */
export interface RepeatableCall {
  name: string;
  parameters: CaseParameters;
  /** Metal routes to force, where the call fits them. */
  routes: readonly MetalRoute[];
}

const many = { B: 2, Hq: 4, Hkv: 2, Lq: 40, Lk: 90, D: 32 } as const;
const few = { ...many, Lq: 3 } as const;
const general = ['metal-forward', 'metal-backward', 'metal-backward-stored'] as const;
const short = ['metal-decode', 'metal-backward-short'] as const;
const scores = { sinks: true, softcap: 5, dLse: true } as const;
/** Their gradient is for the general route only. */
const slopes = { ...scores, alibi: 'BH' } as const;

const optionSets: Readonly<Record<string, CaseParameters>> = {
  plain: { causal: 'bottomRight' },
  scores,
  dropout: { dropout: 0.2, causal: 'topLeft' },
  broadcastBias: { bias: '111', mask: 'B1Q' },
  headBias: { bias: '1H1', dropout: 0.1, kvLengths: 'random' },
};

function callsOf(size: CaseParameters, routes: readonly MetalRoute[], rows: string): RepeatableCall[] {
  return Object.entries(optionSets).map(([name, options]) => ({
    name: `${name}, ${rows} rows`,
    parameters: { ...size, ...options },
    routes,
  }));
}

/** Every kernel, with and without the options whose sums are the longest: those over rows, heads and batches. */
export const repeatableCalls: readonly RepeatableCall[] = [
  ...callsOf(many, general, 'many'),
  ...callsOf(few, short, 'few'),
  { name: 'slopes, many rows', parameters: { ...many, ...slopes }, routes: ['metal-forward', 'metal-backward'] },
  { name: 'slopes, few rows', parameters: { ...few, ...slopes }, routes: ['metal-decode', 'metal-backward'] },
  {
    name: 'packed sequences with everything',
    parameters: { Hq: 4, Hkv: 2, D: 32, varlen: '17-33+0-5+40-40', bias: '1HQ', dropout: 0.2, ...slopes },
    routes: ['metal-forward', 'metal-backward'],
  },
  {
    name: 'rotated, float16',
    parameters: { ...many, rope: 'half', dtype: 'float16', causal: 'bottomRight' },
    routes: general,
  },
  {
    name: 'int8 pages',
    parameters: { ...few, int8: true, pageSize: 16, kvLengths: 'random', gradients: false },
    routes: ['metal-decode'],
  },
];

export function buildRepeatable({ parameters }: RepeatableCall): BuiltCall {
  return buildCall(formatId('repeatable', parameters), parameters);
}

/** Names of results whose bits differ from the first run's. */
export function differences(first: Outputs, again: Outputs): string[] {
  return (Object.entries(first) as [OutputName, Tensor][])
    .filter(([name, tensor]) => bitDifference(tensor, again[name]!) !== undefined)
    .map(([name]) => name);
}

import type { CaseParameters } from './parameters.js';
import { illegalCalls } from './refusals.js';
import { resolve } from './resolve.js';

/** What an implementation can lack. A manifest names these; a case needs some of them. */
export const features = {
  'dtype:float16': 'q, k, v in float16',
  'dtype:bfloat16': 'q, k, v in bfloat16',
  'layout:blhd': '[B, L, H, D]',
  strides: 'q, k, v, dOut as views with gaps between rows',
  unaligned: 'tensors that start one element past their alignment',
  groupedHeads: 'fewer key/value heads than query heads',
  valueWidth: 'Dv other than D',
  wideHeads: 'D or Dv above 256',
  'gradients:wideHeads': 'gradients of D or Dv above 256',
  'gradients:wideHeads:manyRows': 'the same for more than 8 query rows, or more than 64 that share a key/value head',
  'gradients:wideHeads:scores': 'the same with dBias or dAlibiSlopes',
  'varlen:wideHeads': 'packed sequences of D or Dv above 256',
  noKeys: 'Lk = 0',
  scale: 'a scale of the caller',
  'scale:zero': 'a scale of 0',
  'causal:topLeft': 'the causal diagonal from the first key',
  'causal:bottomRight': 'the causal diagonal to the last key',
  'causal:offset': 'a causal diagonal anywhere',
  align: 'a diagonal without causal',
  window: 'a window around the diagonal',
  mask: 'a bool mask',
  bias: 'a float bias',
  'bias:otherDtype': 'a bias in another dtype than q',
  gradients: 'dq, dk, dv',
  'gradients:dLse': 'a gradient of lse',
  'gradients:bias': 'dBias',
  'gradients:alibi': 'dAlibiSlopes',
  'gradients:sinks': 'dSinks',
  'gradients:softcap': 'gradients through a softcap',
  'gradients:dropout': 'gradients through dropout',
  'gradients:kvLengths': 'gradients of keys with lengths',
  'gradients:varlen': 'gradients of packed sequences',
  'gradients:rope': 'gradients through a rotary embedding',
  'constant:bias': 'gradients of q, k, v alone, where bias is given too',
  softcap: 'tanh of the scores',
  alibi: 'ALiBi slopes',
  sinks: 'sinks',
  dropout: 'dropout',
  kvLengths: 'lengths of the keys',
  varlen: 'packed sequences',
  paged: 'keys and values in pages',
  int8: 'int8 keys and values',
  rope: 'rotary embedding on load',
  'refusals:kind': 'options and tensors of the wrong kind of JS value',
  'refusals:range': 'values out of range',
  'refusals:shape': 'shapes that do not fit',
  'refusals:dtype': 'dtypes that do not fit',
  'refusals:memory': 'buffers that are too short, strides that the op does not take',
  'refusals:output': 'results that share memory with inputs',
  'refusals:backward': 'illegal inputs of the gradients',
} as const;

export type Feature = keyof typeof features | `refuse:${string}`;

type Given = ReturnType<typeof resolve>;
const hasManyRows = ({ Lq, Hq, Hkv }: Given) => Lq > 8 || (Lq * Hq) / Hkv > 64;
const hasScoreGradients = ({ alibi, bias, biasGradient }: Given) =>
  alibi !== undefined || (bias !== undefined && biasGradient !== false);

/** The features that a case needs. */
export function requiredFeatures(parameters: CaseParameters): Feature[] {
  const given = resolve(parameters);
  const { causal = 'none', gradients, bias, biasDtype = 'float32' } = given;
  const wide = Math.max(given.D, given.Dv) > 256;
  const needs: [boolean, Feature][] = [
    [given.dtype === 'float16', 'dtype:float16'],
    [given.dtype === 'bfloat16', 'dtype:bfloat16'],
    [given.layout === 'blhd', 'layout:blhd'],
    [given.view === 'capacity' || given.view === 'gaps' || given.shared === true, 'strides'],
    [given.view === 'offset', 'unaligned'],
    [given.Hkv !== given.Hq, 'groupedHeads'],
    [given.Dv !== given.D, 'valueWidth'],
    [wide, 'wideHeads'],
    [wide && gradients === true, 'gradients:wideHeads'],
    [wide && gradients === true && hasManyRows(given), 'gradients:wideHeads:manyRows'],
    [wide && gradients === true && hasScoreGradients(given), 'gradients:wideHeads:scores'],
    [wide && given.varlen !== undefined, 'varlen:wideHeads'],
    [given.Lk === 0, 'noKeys'],
    [given.scale !== undefined, 'scale'],
    [given.scale === 0, 'scale:zero'],
    [typeof causal === 'number', 'causal:offset'],
    [causal === 'topLeft', 'causal:topLeft'],
    [causal === 'bottomRight', 'causal:bottomRight'],
    [given.align !== undefined, 'align'],
    [given.left !== undefined || given.right !== undefined, 'window'],
    [given.mask !== undefined, 'mask'],
    [bias !== undefined, 'bias'],
    [bias !== undefined && biasDtype !== given.dtype, 'bias:otherDtype'],
    [gradients, 'gradients'],
    [given.dLse, 'gradients:dLse'],
    [gradients && bias !== undefined && given.biasGradient !== false, 'gradients:bias'],
    [gradients && bias !== undefined && given.biasGradient === false, 'constant:bias'],
    [gradients && given.alibi !== undefined, 'gradients:alibi'],
    [gradients && given.sinks === true, 'gradients:sinks'],
    [gradients && given.softcap !== undefined, 'gradients:softcap'],
    [gradients && (given.dropout ?? 0) > 0, 'gradients:dropout'],
    [gradients && given.kvLengths !== undefined, 'gradients:kvLengths'],
    [gradients && given.varlen !== undefined, 'gradients:varlen'],
    [gradients && given.rope !== undefined, 'gradients:rope'],
    [given.softcap !== undefined, 'softcap'],
    [given.alibi !== undefined, 'alibi'],
    [given.sinks === true, 'sinks'],
    [(given.dropout ?? 0) > 0, 'dropout'],
    [given.kvLengths !== undefined, 'kvLengths'],
    [given.varlen !== undefined, 'varlen'],
    [given.pageSize !== undefined, 'paged'],
    [(given.int8 ?? false) !== false, 'int8'],
    [given.rope !== undefined, 'rope'],
  ];
  const found = needs.filter(([needed]) => needed).map(([, feature]) => feature);
  return given.refuse === undefined ? found : [...found, ...refusalFeatures(given.refuse)];
}

/** The group, and the refusal by itself. */
function refusalFeatures(name: string): Feature[] {
  const illegal = illegalCalls[name];
  if (illegal === undefined) throw new Error(`[conformance] refuse: expected the name of an illegal call, got ${name}`);
  return [`refusals:${illegal.group}`, `refuse:${name}`];
}

/** @throws Error for a name that no case could need */
export function checkFeatureName(name: string): void {
  if (Object.hasOwn(features, name)) return;
  if (name.startsWith('refuse:') && Object.hasOwn(illegalCalls, name.slice('refuse:'.length))) return;
  throw new Error(`[conformance] manifest: expected the name of a feature, got ${name}`);
}

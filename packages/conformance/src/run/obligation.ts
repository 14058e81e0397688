import { requiredFeatures } from '../features.js';
import type { CaseParameters } from '../parameters.js';
import type { Manifest } from '../types.js';

/** What an adapter has to do with a case, by its manifest. */
export type Obligation =
  | { kind: 'run'; parameters: CaseParameters }
  | { kind: 'refuse'; parameters: CaseParameters; reason: string }
  | { kind: 'skip'; reason: string };

export function obligation(manifest: Manifest, given: CaseParameters): Obligation {
  const { notSupported, skipped = {}, outputs = ['lse', 'gradients'] } = manifest;
  // A host without gradients still owes the forward pass.
  const parameters = outputs.includes('gradients') ? given : { ...given, gradients: false, dLse: false };
  const needs = requiredFeatures(parameters);
  const declared = (list: Readonly<Record<string, string>>): string | undefined => {
    const feature = needs.find((name) => Object.hasOwn(list, name));
    return feature === undefined ? undefined : `${feature}: ${list[feature]}`;
  };
  const skip = declared(skipped);
  if (skip !== undefined) return { kind: 'skip', reason: skip };
  const refuse = declared(notSupported);
  return refuse === undefined ? { kind: 'run', parameters } : { kind: 'refuse', parameters, reason: refuse };
}

import type { BuiltCall } from '../data/assemble.js';
import type { OutputName, Outputs } from '../types.js';

/** Inputs must be as they were, and nothing written around the results' memory. */
export function checkGuards(built: BuiltCall, outputs: Outputs | undefined): string | undefined {
  for (const [name, guarded] of built.inputs) {
    const byte = guarded.changed();
    if (byte !== undefined) return `${name}: an input was written to, at byte ${byte}`;
  }
  for (const [name, guarded] of built.outputs) {
    // Memory that the adapter did not use must be untouched altogether.
    const used = outputs?.[name]?.data.buffer === guarded.tensor.data.buffer;
    const byte = used ? guarded.changedAround() : guarded.changed();
    if (byte !== undefined) return `${name}: written outside of its elements, at byte ${byte}`;
  }
  return undefined;
}

/** After a refusal. @param legal results of a legal forward pass before it, which may be written */
export function checkUnwritten(built: BuiltCall, legal: readonly OutputName[]): string | undefined {
  for (const [name, guarded] of built.inputs) {
    const byte = guarded.changed();
    if (byte !== undefined) return `${name}: written to by a call that was refused, at byte ${byte}`;
  }
  for (const [name, guarded] of built.outputs) {
    const byte = legal.includes(name) ? guarded.changedAround() : guarded.changed();
    if (byte !== undefined) return `${name}: written to by a call that was refused, at byte ${byte}`;
  }
  return undefined;
}

import type { BuiltCall } from '../data/assemble.js';
import { largestError } from '../expect/bound.js';
import { quantumOf } from '../expect/compare.js';
import type { OutputName } from '../types.js';
import { ask, askNaively, type Numbers, type Results } from './ask.js';
import { askInAnotherWay } from './other-ways.js';

/** What the oracle says about a call, and how far a plain implementation is from it. */
export interface Answer {
  readonly truth: Results;
  /** Largest error of the plain implementation, over the ways to compute that were tried. */
  naiveErrors: Partial<Record<OutputName, number>>;
  /** Ways to compute that were tried. */
  ways: number;
}

/** Answers of late, by key: adapters that take turns at a case share the oracle's work. */
const recent = new Map<string, Answer>();
const keptAnswers = 4;

export function answer(key: string, built: BuiltCall): Answer {
  const known = recent.get(key);
  if (known !== undefined) return known;
  const found = createAnswer(built, ask(built.question));
  recent.set(key, found);
  if (recent.size > keptAnswers) recent.delete(recent.keys().next().value!);
  return found;
}

/** An answer whose truth is given, such as that of a gold vector. */
export function createAnswer(built: BuiltCall, truth: Results): Answer {
  return addErrors({ truth, naiveErrors: {}, ways: 1 }, askNaively(built.question, built.parameters.dtype));
}

/** Ways to compute that are tried before a result counts as too far off, and how many between two looks. */
const mostWays = 41;
const waysAtOnce = 10;

/**
 * In a small case the plain implementation may be right by luck, and a bound made of its error then asks for luck.
 * So before a result fails, the plain implementation also computes in other ways; the largest error counts, and at
 * least half a rounding step, by which a result that is right to the last bit may be off.
 * @returns false when all ways have been tried
 */
export function tryOtherWays(found: Answer, built: BuiltCall): boolean {
  if (found.ways >= mostWays) return false;
  for (let i = 0; i < waysAtOnce; i++) addErrors(found, askInAnotherWay(built, found.ways++));
  for (const [name, { tensor }] of built.outputs) {
    const rounding = quantumOf(found.truth[name]!.data, tensor.dtype) / 2;
    found.naiveErrors[name] = Math.max(found.naiveErrors[name]!, rounding);
  }
  return true;
}

function addErrors(found: Answer, naive: Results): Answer {
  for (const [name, { data }] of Object.entries(found.truth) as [OutputName, Numbers][]) {
    const error = largestError(naive[name]!.data, data);
    found.naiveErrors[name] = Math.max(found.naiveErrors[name] ?? 0, error);
  }
  return found;
}

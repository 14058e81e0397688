import type { BuiltCall } from '../data/assemble.js';
import { largestError } from '../expect/bound.js';
import type { OutputName } from '../types.js';
import { ask, askNaively, type Numbers, type Results } from './ask.js';

/** What the oracle says about a call, and how far a plain implementation is from it. */
export interface Answer {
  readonly truth: Results;
  /** Largest error of the plain implementation. */
  naiveErrors: Partial<Record<OutputName, number>>;
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
  return addErrors({ truth, naiveErrors: {} }, askNaively(built.question, built.parameters.dtype));
}

/** Lets the largest error of the plain implementation in any of the answers count in all of them. */
export function poolErrors(answers: readonly Answer[]): void {
  for (const name of Object.keys(answers[0]?.naiveErrors ?? {}) as OutputName[]) {
    const worst = Math.max(...answers.map(({ naiveErrors }) => naiveErrors[name] ?? 0));
    for (const { naiveErrors } of answers) naiveErrors[name] = worst;
  }
}

function addErrors(found: Answer, naive: Results): Answer {
  for (const [name, { data }] of Object.entries(found.truth) as [OutputName, Numbers][]) {
    const error = largestError(naive[name]!.data, data);
    found.naiveErrors[name] = Math.max(found.naiveErrors[name] ?? 0, error);
  }
  return found;
}

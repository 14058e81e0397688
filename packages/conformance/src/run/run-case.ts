import type { Case } from '../builder.js';
import type { BuiltCall } from '../data/assemble.js';
import { buildCall } from '../data/call.js';
import { bitDifference, mismatch } from '../expect/compare.js';
import { type Adapter, type OutputName, type Outputs, outputNames, type Status } from '../types.js';
import { controlOf } from './controls.js';
import { expectations } from './expected.js';
import { checkGuards } from './memory.js';
import { obligation } from './obligation.js';
import { type Answer, poolErrors } from './oracle.js';
import { refusalProblem, unsupportedProblem } from './refused.js';
import { type Subject, subjectOf } from './subject.js';

export interface CaseResult {
  id: string;
  family: string;
  status: Status;
  /** Why it failed, or the declared reason for not running. */
  message?: string;
}

/** Runs one case on one adapter. Never throws for what the adapter does. */
export async function runCase(adapter: Adapter, one: Omit<Case, 'group'>): Promise<CaseResult> {
  const { id, family, parameters } = one;
  const duty = obligation(adapter.manifest, parameters);
  const result = (status: Status, message?: string): CaseResult => ({
    id,
    family,
    status,
    ...(message !== undefined && { message }),
  });
  if (duty.kind === 'skip') return result('skipped', duty.reason);
  const failure = await failureOf(adapter, id, subjectOf(one, duty.parameters), duty.kind);
  if (failure !== undefined) return result('fail', failure);
  return duty.kind === 'refuse' ? result('not-supported', duty.reason) : result('pass');
}

async function failureOf(
  adapter: Adapter,
  id: string,
  subject: Subject,
  duty: 'run' | 'refuse',
): Promise<string | undefined> {
  const { refuse } = subject.parameters;
  try {
    if (duty === 'refuse') return await unsupportedProblem(adapter, subject.build());
    return await (refuse === undefined
      ? resultProblem(adapter, id, subject)
      : refusalProblem(adapter, subject.build(), refuse));
  } catch (error) {
    return error instanceof Error ? `threw ${error.name}: ${error.message}` : `threw ${String(error)}`;
  }
}

/** Runs a legal call; says what is wrong with its results. */
async function resultProblem(adapter: Adapter, id: string, subject: Subject): Promise<string | undefined> {
  const built = subject.build();
  const outputs = await adapter.run(built.call);
  const failure = checkGuards(built, outputs) ?? (await valueProblem(adapter, subject, { built, outputs }));
  if (failure !== undefined) return failure;
  const { sameAs } = subject.parameters;
  const control = controlOf(subject.parameters);
  if (control !== undefined) {
    const difference = await differs(adapter, outputs, buildCall(id, control, id));
    if (difference !== undefined) return `not the same as ${sameAs}: ${difference}`;
  }
  return repeatedRuns(adapter, subject, outputs);
}

/** Results that the host hands over. */
function delivered(adapter: Adapter, built: BuiltCall): OutputName[] {
  const { outputs = ['lse', 'gradients'] } = adapter.manifest;
  return [...built.outputs.keys()].filter((name) => name !== 'lse' || outputs.includes('lse'));
}

/** A call that was made, and what came of it. */
interface Made {
  built: BuiltCall;
  outputs: Outputs;
}

/**
 * Draws that a result is judged over when the first one is too far off, and more when it still is: where most draws
 * give exact zeros, as dSinks under a high dropout rate, twelve are worth one.
 */
const furtherDraws = [12, 36] as const;

/**
 * In a small case the plain implementation may be right by luck, and a bound made of its error then asks for luck.
 * So a result that is too far off is judged over more draws of the same call: its largest error against the largest
 * of the plain implementation. Both sides have as many draws, so no implementation gains by it but the unlucky.
 */
async function valueProblem(adapter: Adapter, subject: Subject, made: Made): Promise<string | undefined> {
  const surplus = outputNames.find((name) => made.outputs[name] !== undefined && !made.built.outputs.has(name));
  if (surplus !== undefined) return `${surplus}: expected none, got a tensor`;
  const answers = [subject.answer(made.built)];
  const failure = mismatches(adapter, made, answers[0] as Answer);
  if (failure === undefined) return undefined;

  const draws = [made];
  let found: string | undefined;
  for (const count of furtherDraws) {
    for (let n = 0; n < count; n++) {
      const { built, answer } = subject.redraw(draws.length);
      const outputs = await adapter.run(built.call);
      const broken = checkGuards(built, outputs);
      if (broken !== undefined) return broken;
      draws.push({ built, outputs });
      answers.push(answer);
    }
    poolErrors(answers);
    const failures = draws.map((one, draw) => mismatches(adapter, one, answers[draw] as Answer));
    const draw = failures.findIndex((one) => one !== undefined);
    found = draw <= 0 ? failures[0] : `${failures[draw]} (in draw ${draw})`;
    if (found === undefined) return undefined;
  }
  return found;
}

function mismatches(adapter: Adapter, { built, outputs }: Made, found: Answer): string | undefined {
  const { gradientsFromLse = false } = adapter.manifest;
  const names = delivered(adapter, built);
  const failures = expectations(built, found, { gradientsFromLse })
    .filter(({ name }) => names.includes(name as OutputName))
    .map((expected) => {
      const result = outputs[expected.name as OutputName];
      return result === undefined ? `${expected.name}: expected a tensor, got none` : mismatch(result, expected);
    })
    .filter((failure) => failure !== undefined);
  return failures.length === 0 ? undefined : failures.join('; ');
}

async function repeatedRuns(
  adapter: Adapter,
  { parameters, build }: Subject,
  first: Outputs,
): Promise<string | undefined> {
  const { repeat = 1 } = parameters;
  if (repeat === 1) return undefined;
  const runs = [...Array<undefined>(repeat - 1), ...(adapter.threadCounts ?? [])];
  for (const threads of runs) {
    const again = build();
    if (threads !== undefined) again.call.threads = threads;
    const difference = await differs(adapter, first, again);
    if (difference !== undefined)
      return `not the same bits ${threads === undefined ? 'again' : `on ${threads} threads`}: ${difference}`;
  }
  return undefined;
}

async function differs(adapter: Adapter, first: Outputs, again: BuiltCall): Promise<string | undefined> {
  const outputs = await adapter.run(again.call);
  for (const name of delivered(adapter, again)) {
    const [a, b] = [first[name], outputs[name]];
    if (a === undefined || b === undefined) return `${name} is missing`;
    const difference = bitDifference(a, b);
    if (difference !== undefined) return `${name}${difference}`;
  }
  return checkGuards(again, outputs);
}

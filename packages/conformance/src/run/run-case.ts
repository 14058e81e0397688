import { type BuiltCall, buildCall } from '../data/call.js';
import { bitDifference, mismatch } from '../expect/compare.js';
import type { Case } from '../builder.js';
import type { CaseParameters } from '../parameters.js';
import { type Adapter, type OutputName, outputNames, type Outputs, type Status } from '../types.js';
import { controlOf } from './controls.js';
import { expectations } from './expected.js';
import { checkGuards } from './memory.js';
import { type Answer, answer, tryMoreOrders } from './oracle.js';
import { refusalProblem, unsupportedProblem } from './refused.js';
import { obligation } from './obligation.js';

export interface CaseResult {
  id: string;
  family: string;
  status: Status;
  /** Why it failed, or the declared reason for not running. */
  message?: string;
}

/** Runs one case on one adapter. Never throws for what the adapter does. */
export async function runCase(adapter: Adapter, { id, family, parameters }: Pick<Case, 'id' | 'family' | 'parameters'>): Promise<CaseResult> {
  const duty = obligation(adapter.manifest, parameters);
  const result = (status: Status, message?: string): CaseResult => ({ id, family, status, ...(message !== undefined && { message }) });
  if (duty.kind === 'skip') return result('skipped', duty.reason);
  const failure = await failureOf(adapter, id, duty.parameters, duty.kind);
  if (failure !== undefined) return result('fail', failure);
  return duty.kind === 'refuse' ? result('not-supported', duty.reason) : result('pass');
}

async function failureOf(adapter: Adapter, id: string, parameters: CaseParameters, duty: 'run' | 'refuse'): Promise<string | undefined> {
  try {
    if (duty === 'refuse') return await unsupportedProblem(adapter, buildCall(id, parameters));
    if (parameters.refuse !== undefined) return await refusalProblem(adapter, buildCall(id, parameters), parameters.refuse);
    return await expectResults(adapter, id, parameters);
  } catch (error) {
    return error instanceof Error ? `threw ${error.name}: ${error.message}` : `threw ${String(error)}`;
  }
}

async function expectResults(adapter: Adapter, id: string, parameters: CaseParameters): Promise<string | undefined> {
  const built = buildCall(id, parameters);
  const outputs = await adapter.run(built.call);
  const failure = checkGuards(built, outputs) ?? checkValues(adapter, id, built, outputs);
  if (failure !== undefined) return failure;
  const control = controlOf(parameters);
  if (control !== undefined) {
    const difference = await differs(adapter, outputs, buildCall(id, control, id));
    if (difference !== undefined) return `not the same as ${parameters.sameAs}: ${difference}`;
  }
  return repeatedRuns(adapter, id, parameters, outputs);
}

/** Results that the host hands over. */
function delivered(adapter: Adapter, built: BuiltCall): OutputName[] {
  const { outputs = ['lse', 'gradients'] } = adapter.manifest;
  return [...built.outputs.keys()].filter((name) => name !== 'lse' || outputs.includes('lse'));
}

function checkValues(adapter: Adapter, id: string, built: BuiltCall, outputs: Outputs): string | undefined {
  const surplus = outputNames.find((name) => outputs[name] !== undefined && !built.outputs.has(name));
  if (surplus !== undefined) return `${surplus}: expected none, got a tensor`;
  const found = answer(`${id} ${built.parameters.gradients}`, built);
  const compare = (): string | undefined => mismatches(adapter, built, outputs, found);
  const failure = compare();
  return failure !== undefined && tryMoreOrders(found, built) ? compare() : failure;
}

function mismatches(adapter: Adapter, built: BuiltCall, outputs: Outputs, found: Answer): string | undefined {
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

async function repeatedRuns(adapter: Adapter, id: string, parameters: CaseParameters, first: Outputs): Promise<string | undefined> {
  const { repeat = 1 } = parameters;
  if (repeat === 1) return undefined;
  const runs = [...Array<undefined>(repeat - 1), ...(adapter.threadCounts ?? [])];
  for (const threads of runs) {
    const again = buildCall(id, parameters);
    if (threads !== undefined) again.call.threads = threads;
    const difference = await differs(adapter, first, again);
    if (difference !== undefined) return `not the same bits ${threads === undefined ? 'again' : `on ${threads} threads`}: ${difference}`;
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

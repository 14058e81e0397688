import type { BuiltCall } from '../data/assemble.js';
import { illegalCalls, isBackwardRefusal } from '../refusals.js';
import type { Adapter, OutputName, Outputs } from '../types.js';
import { checkUnwritten } from './memory.js';

const forwardResults: readonly OutputName[] = ['out', 'lse'];

/** Error of an adapter, as far as the suite looks at it; FaMetalError fits. */
interface CodedError {
  code?: unknown;
  argument?: unknown;
  message?: unknown;
}

/** Runs a call that must be refused; says what is wrong with the refusal. */
export async function refusalProblem(adapter: Adapter, built: BuiltCall, name: string): Promise<string | undefined> {
  const illegal = illegalCalls[name]!;
  illegal.change?.(built.call);
  const { error, outputs } = await attempt(adapter, built);
  if (outputs !== undefined) return `expected ${illegal.code} for ${illegal.argument}, got a result`;
  const { code, argument, message } = error!;
  const named = argument === illegal.argument || String(argument).startsWith(`${illegal.argument}.`);
  if (code !== illegal.code || !named) {
    return `expected ${illegal.code} for ${illegal.argument}, got ${String(code)} for ${String(argument)}: ${String(message)}`;
  }
  return checkUnwritten(built, isBackwardRefusal(name) ? forwardResults : []);
}

/** Runs a call with something that the manifest says is not supported. */
export async function unsupportedProblem(adapter: Adapter, built: BuiltCall): Promise<string | undefined> {
  const { error, outputs } = await attempt(adapter, built);
  if (outputs !== undefined) return 'the manifest says not supported, but it ran; correct the manifest';
  const { code, argument, message } = error!;
  if (code !== 'UNSUPPORTED' && code !== 'UNSUPPORTED_GRADIENT') {
    return `expected UNSUPPORTED or UNSUPPORTED_GRADIENT, got ${String(code)}: ${String(message)}`;
  }
  if (typeof argument !== 'string' || argument === '')
    return `expected the name of an argument with ${code}, got ${String(argument)}`;
  return checkUnwritten(built, built.parameters.gradients ? forwardResults : []);
}

async function attempt(adapter: Adapter, { call }: BuiltCall): Promise<{ outputs?: Outputs; error?: CodedError }> {
  try {
    return { outputs: await adapter.run(call) };
  } catch (error) {
    return { error: typeof error === 'object' && error !== null ? error : { message: error } };
  }
}

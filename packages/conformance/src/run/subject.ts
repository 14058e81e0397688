import type { Case } from '../builder.js';
import type { BuiltCall } from '../data/assemble.js';
import { buildCall } from '../data/call.js';
import { buildGoldCall } from '../data/gold-call.js';
import type { CaseParameters } from '../parameters.js';
import type { OutputName } from '../types.js';
import { type Answer, answer, createAnswer } from './oracle.js';

/** A case as the runner sees it: a call that can be made any number of times, and its answer. */
export interface Subject {
  parameters: CaseParameters;
  build(): BuiltCall;
  answer(built: BuiltCall): Answer;
  /** The same call with other data, drawn alike; absent where the data is given. */
  redraw?(draw: number): { built: BuiltCall; answer: Answer };
}

/** @param parameters those of the case, or fewer gradients where the host has none */
export function subjectOf({ id, gold }: Pick<Case, 'id' | 'gold'>, parameters: CaseParameters): Subject {
  if (gold === undefined) {
    return {
      parameters,
      build: () => buildCall(id, parameters),
      answer: (built) => answer(`${id} ${built.parameters.gradients}`, built),
      redraw: (draw) => {
        const seed = `${id}/draw${draw}`;
        const built = buildCall(id, parameters, seed);
        return { built, answer: answer(`${seed} ${built.parameters.gradients}`, built) };
      },
    };
  }
  const truth = Object.entries(gold.expected).map(([name, { data, shape }]) => [
    name,
    { data: Float64Array.from(data), shape },
  ]);
  return {
    parameters,
    build: () => buildGoldCall(id, gold, parameters),
    answer: (built) => {
      const wanted = truth.filter(([name]) => built.outputs.has(name as OutputName));
      const found = createAnswer(built, Object.fromEntries(wanted));
      for (const [name] of wanted as [OutputName, unknown][]) {
        found.naiveErrors[name] = Math.max(found.naiveErrors[name] ?? 0, gold.plainErrors?.[name] ?? 0);
      }
      return found;
    },
  };
}

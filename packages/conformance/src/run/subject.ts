import type { Case } from '../builder.js';
import type { BuiltCall } from '../data/assemble.js';
import { buildCall } from '../data/call.js';
import { buildGoldCall } from '../data/gold-call.js';
import type { GoldVector } from '../gold.js';
import type { CaseParameters } from '../parameters.js';
import type { OutputName } from '../types.js';
import { type Answer, answer, createAnswer } from './oracle.js';
import { redrawGold } from './redraw-gold.js';

/** A case as the runner sees it: a call that can be made any number of times, and its answer. */
export interface Subject {
  parameters: CaseParameters;
  build(): BuiltCall;
  answer(built: BuiltCall): Answer;
  /** The same call with other data, drawn alike. */
  redraw(draw: number): { built: BuiltCall; answer: Answer };
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
  return {
    parameters,
    build: () => buildGoldCall(id, gold, parameters),
    answer: (built) => goldAnswer(gold, built),
    redraw: (draw) => {
      const vector = redrawGold(gold, draw);
      const built = buildGoldCall(id, vector, parameters);
      return { built, answer: goldAnswer(vector, built) };
    },
  };
}

/** What the vector says, and how far a plain implementation is off: ours or the one that the vector knows of. */
function goldAnswer({ expected, plainErrors }: GoldVector, built: BuiltCall): Answer {
  const wanted = Object.entries(expected).filter(([name]) => built.outputs.has(name as OutputName));
  const truth = wanted.map(([name, { data, shape }]) => [name, { data: Float64Array.from(data), shape }]);
  const found = createAnswer(built, Object.fromEntries(truth));
  for (const [name] of wanted as [OutputName, unknown][]) {
    found.naiveErrors[name] = Math.max(found.naiveErrors[name] ?? 0, plainErrors?.[name] ?? 0);
  }
  return found;
}

import { cases, family } from '../builder.js';
import type { CaseParameters } from '../parameters.js';
import { illegalCalls, isBackwardRefusal } from '../refusals.js';

const base: CaseParameters = { B: 2, Hq: 4, Hkv: 2, Lq: 5, Lk: 6, D: 8, Dv: 8 };

const illegal = family(
  'refusal',
  {
    what: 'Every illegal call is refused with its code and the name of the argument; nothing is written; the process lives.',
    boundaries: 'One rule a case: the call is legal but for one thing.',
    control: 'The last case is the same call with nothing wrong.',
  },
  cases('refusal').combineFields(
    Object.entries(illegalCalls).map(([refuse, { parameters }]) => ({
      ...base,
      gradients: isBackwardRefusal(refuse),
      ...parameters,
      refuse,
    })),
  ),
  cases('refusal').combineFields([{ ...base, mask: 'BHQ', dLse: true }]),
);

export const refusal = { ...illegal, whole: true };

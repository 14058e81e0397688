import {
  type Adapter,
  type CaseParameters,
  caseOf,
  formatId,
  illegalCalls,
  isBackwardRefusal,
  runCase,
} from '@fa-metal/conformance';
import fc from 'fast-check';
import { expect } from 'vitest';

/** Examples are the same every time; a failure prints the seed, and ids that `caseOf` replays. */
export const seed = 20261121;

export interface Property {
  name: string;
  adapters: readonly Adapter[];
  problems: fc.Arbitrary<CaseParameters>;
  runs: number;
}

/** Holds adapters to the oracle on random problems; every single one has to pass. Prints how many there were. */
export async function expectAllToPass({ name, adapters, problems, runs }: Property): Promise<void> {
  const counts = new Map<string, number>();
  const property = fc.asyncProperty(problems, async (parameters) => {
    const one = caseOf(formatId('random', parameters));
    for (const adapter of adapters) {
      const { status, message } = await runCase(adapter, one);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (status === 'fail') throw new Error(`${adapter.name} ${one.id}\n${message}`);
    }
  });
  await fc.assert(property, { numRuns: runs, seed });
  console.log(
    `${name}: ${runs} problems on ${adapters.length} adapters, ${JSON.stringify(Object.fromEntries(counts))}`,
  );
  expect(counts.get('fail')).toBeUndefined();
}

/** A problem, and what makes it illegal: a row of the table of illegal calls. */
export type IllegalProblem = readonly [problem: CaseParameters, refuse: string];

/** The same problem with what the row needs, and sizes from which one can be taken without leaving one that broadcasts. */
export function illegalProblem([problem, refuse]: IllegalProblem): CaseParameters {
  const { view: _view, shared: _shared, positions: _positions, ...legal } = problem;
  const { group, parameters = {} } = illegalCalls[refuse]!;
  const { Lq = 1, Lk = 1, D = 1, Dv = D } = legal;
  const sizes = { B: 2, Hq: 4, Hkv: 2, Lq: Lq + 2, Lk: Lk + 2, D: D + 1, Dv: group === 'output' ? D + 1 : Dv + 1 };
  const merged = { ...legal, ...sizes, gradients: isBackwardRefusal(refuse), dLse: false, ...parameters, refuse };
  if (merged.rope !== undefined)
    Object.assign(merged, { positions: true, rotary: Math.min(merged.rotary ?? 2, D + 1) });
  if (merged.causal !== undefined && merged.align !== undefined) delete merged.align;
  if (merged.varlen === undefined) return merged;
  const { B: _B, Lq: _Lq, Lk: _Lk, ...rest } = merged;
  return rest;
}

/** Every one has to be refused with its code and argument, and nothing written. Prints how many there were. */
export async function expectAllToBeRefused(
  name: string,
  problems: fc.Arbitrary<IllegalProblem>,
  adapterOf: (refuse: string) => Adapter,
  runs: number,
): Promise<void> {
  const rows = new Set<string>();
  const property = fc.asyncProperty(problems, async (problem) => {
    const one = caseOf(formatId('illegal', illegalProblem(problem)));
    const adapter = adapterOf(problem[1]);
    const { status, message } = await runCase(adapter, one);
    rows.add(problem[1]);
    if (status !== 'pass' && status !== 'not-supported')
      throw new Error(`${adapter.name} ${one.id}\n${status} ${message}`);
  });
  await fc.assert(property, { numRuns: runs, seed });
  console.log(`${name}: ${runs} problems, each wrong in one of ${rows.size} ways, all refused`);
}

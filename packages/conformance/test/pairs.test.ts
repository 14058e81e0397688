import { expect, it } from 'vitest';
import { type Case, pairCases, pairsOf, runCase } from '../src/index.js';
import { naiveAdapter } from '../test-support/naive-adapter.js';

/** What the contract has: pages and int8 keys in the forward pass only, neither where sequences are packed. */
const legal = ({ parameters: { varlen, pageSize, int8, gradients } }: Case): boolean =>
  (pageSize === undefined && int8 === undefined) || (varlen === undefined && !gradients);

// The plain implementation has every option, so what fails here is the call or the truth.
it.each(['forward', 'backward'] as const)(
  'every pair makes a call that the oracle understands, %s',
  async (direction) => {
    const cases = pairsOf(direction).flatMap((pair) => pairCases(pair, 'few', direction));
    const failures: string[] = [];
    for (const one of cases.filter(legal)) {
      const { status, message } = await runCase(naiveAdapter, one);
      if (status !== 'pass') failures.push(`${one.id}: ${message}`);
    }
    expect(failures).toEqual([]);
    expect(cases.filter(legal).length).toBeGreaterThan(300);
  },
  60_000,
);

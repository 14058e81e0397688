import { type Adapter, type Case, runCase } from '@fa-metal/conformance';
import { expect, test } from 'vitest';
import { goldVectors } from '../../conformance/test-support/gold-vectors.js';
import { goldCases } from '../../reference/test-support/vectors.js';

export const gold: readonly Case[] = goldVectors().cases;
export const fileOf = ({ parameters }: Case): string => parameters.file!;
/** Vectors with a dropout mask have a test of their own, gold-dropout.test.ts. */
export const withDropout = goldCases.filter(({ dropout_p }) => dropout_p !== undefined).map(({ id }) => id);

/** Why an adapter fails these cases; none may be refused, whatever its manifest says. */
async function failuresOf(adapter: Adapter, cases: readonly Case[]): Promise<string> {
  const failures: string[] = [];
  for (const one of cases) {
    const { status, message } = await runCase({ ...adapter, manifest: { notSupported: {} } }, one);
    if (status !== 'pass') failures.push(`${one.id}\n    ${status} ${message}`);
  }
  return failures.join('\n');
}

/**
 * Declares tests that every gold vector passes, forward and gradients.
 *
 * @param forwardOnly vectors whose gradients the plan refuses; a test of the refusal stands beside it
 */
export function testGold(adapters: readonly Adapter[], forwardOnly: readonly string[] = []): void {
  const cases = gold.map((one) =>
    forwardOnly.includes(fileOf(one))
      ? { ...one, parameters: { ...one.parameters, gradients: false, dLse: false } }
      : one,
  );
  test.each(adapters)(
    `$name: every gold vector, ${gold.length} calls`,
    async (adapter) => {
      expect(await failuresOf(adapter, cases)).toBe('');
    },
    1_800_000,
  );
}

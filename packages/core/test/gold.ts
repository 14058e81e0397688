import { type Adapter, type Case, runCase } from '@fa-metal/conformance';
import { expect, test } from 'vitest';
import { goldVectors } from '../../conformance/test-support/gold-vectors.js';
import { goldCases } from '../../reference/test-support/vectors.js';

export const gold: readonly Case[] = goldVectors().cases;
export const fileOf = ({ parameters }: Case): string => parameters.file!;
/** Vectors with a dropout mask have a test of their own, gold-dropout.test.ts. */
export const withDropout = goldCases.filter(({ dropout_p }) => dropout_p !== undefined).map(({ id }) => id);

/** What an adapter fails; none may be refused, whatever its manifest says. */
async function failuresOf(adapter: Adapter): Promise<string> {
  const failures: string[] = [];
  for (const one of gold) {
    const { status, message } = await runCase({ ...adapter, manifest: { notSupported: {} } }, one);
    if (status !== 'pass') failures.push(`${one.id}\n    ${status} ${message}`);
  }
  return failures.join('\n');
}

/** Declares tests that every gold vector passes, forward and gradients. */
export function testGold(adapters: readonly Adapter[]): void {
  test.each(adapters)(
    `$name: every gold vector, ${gold.length} calls`,
    async (adapter) => {
      expect(await failuresOf(adapter)).toBe('');
    },
    1_800_000,
  );
}

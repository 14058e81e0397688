import { type Adapter, type Case, runCase } from '@fa-metal/conformance';
import { expect, test } from 'vitest';
import { goldVectors } from '../../conformance/test-support/gold-vectors.js';
import { goldCases } from '../../reference/test-support/vectors.js';

export const gold: readonly Case[] = goldVectors().cases;
export const fileOf = ({ parameters }: Case): string => parameters.file!;
/** Vectors with a dropout mask have a test of their own, gold-dropout.test.ts. */
export const withDropout = goldCases.filter(({ dropout_p }) => dropout_p !== undefined).map(({ id }) => id);

/** Declares tests that every gold vector passes, forward and gradients; none may be refused, whatever a manifest says. */
export function testGold(adapters: readonly Adapter[]): void {
  test.each(adapters)(
    `$name: every gold vector, ${gold.length} calls`,
    async (adapter) => {
      const failures: string[] = [];
      for (const one of gold) {
        const { status, message } = await runCase({ ...adapter, manifest: { notSupported: {} } }, one);
        if (status !== 'pass') failures.push(`${one.id}\n    ${status} ${message}`);
      }
      expect(failures.join('\n')).toBe('');
    },
    900_000,
  );
}

import { describe, expect, test } from 'vitest';
import { attention, attentionBackward, type Tensor } from '../src/index.js';
import { relativeError } from '../test-support/compare.js';
import { goldCases, readGoldProblem } from '../test-support/vectors.js';

/** Relative bounds of results that float64 itself does not determine to 1e-9; see vectors/README.md. */
const looseBounds: Record<string, number> = {
  // One probability is 1 but for rounding; the two float64 implementations behind the gold differ by 2e-8.
  's105.dq': 1e-7,
  's105.dk': 1e-7,
};
/** Results whose true value is 0, where the gold holds the rounding noise of its own sums. */
const zeroResults = new Set(['s099.dq']);

describe('gold vectors', () => {
  test('are all here', () => {
    expect(goldCases).toHaveLength(111);
  });

  test.each(goldCases.map((gold) => [`${gold.id} ${gold.category}`, gold] as const))('%s', (_, gold) => {
    const { problem, outputGradients, expected } = readGoldProblem(gold);
    const results: Record<string, Tensor> = {
      ...attention(problem),
      ...(outputGradients && attentionBackward(problem, outputGradients)),
    };
    expect(Object.keys(results).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, tensor] of Object.entries(expected)) {
      const { data, shape } = results[name]!;
      const label = `${gold.id}.${name}`;
      expect(shape, label).toEqual(tensor.shape);
      if (zeroResults.has(label)) {
        expect(Math.max(...data.map(Math.abs)), label).toBeLessThan(1e-14);
      } else {
        expect(relativeError(data, tensor.data), label).toBeLessThan(looseBounds[label] ?? 1e-9);
      }
    }
  });
});

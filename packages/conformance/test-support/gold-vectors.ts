import { goldCases, readGoldProblem } from '../../reference/test-support/vectors.js';
import { type Family, goldFamily } from '../src/index.js';

const dtypes = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' } as const;

/** The repository's gold vectors as a family of cases. */
export function goldVectors(): Family {
  return goldFamily(
    goldCases.map((gold) => {
      const { problem, outputGradients, expected, plainErrors } = readGoldProblem(gold);
      return {
        name: gold.id,
        dtype: dtypes[gold.grid],
        problem,
        expected,
        plainErrors,
        ...(outputGradients && { outputGradients }),
      };
    }),
  );
}

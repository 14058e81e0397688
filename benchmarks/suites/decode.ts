import type { Problem, Trial } from '../report/schema.js';
import { nameOf, ours, withOptions } from './problems.js';

/** One new token against a long cache, 32 query heads on 8 of keys and values: as fast as the cache can be read. */
export function decode(quick: boolean): Trial[] {
  const sizes = quick ? [4096] : [1024, 4096, 16384];
  const problems = sizes.map((keys) => token(1, keys));
  if (!quick) problems.push(token(8, 1024));
  return problems.flatMap((problem) => [
    {
      suite: 'decode',
      name: nameOf(problem),
      direction: 'forward',
      entrants: [ours(problem), { who: 'peers', problem }],
    },
    { suite: 'decode', name: `${nameOf(problem)}, kinds of caches`, direction: 'forward', entrants: caches(problem) },
  ]);
}

function caches(float32: Problem) {
  return [
    ours(float32, 'float32'),
    ours({ ...float32, dtype: 'float16' }, 'float16'),
    ours({ ...float32, dtype: 'bfloat16' }, 'bfloat16'),
    ours(withOptions(float32, { int8: true }), 'int8'),
    ours(withOptions(float32, { page: 16 }), 'float32 in pages of 16'),
  ];
}

function token(batch: number, keys: number): Problem {
  return { batch, heads: 32, kvHeads: 8, queries: 1, keys, headDim: 128, causal: true, dtype: 'float32' };
}

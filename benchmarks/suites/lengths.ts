import type { Direction, Problem, Trial } from '../report/schema.js';
import { masks, nameOf, ours, passes, selfAttention } from './problems.js';

/** Ours and every peer over the length, at D 64; the lengths that training on a computer without a large GPU has. */
export function lengths(quick: boolean): Trial[] {
  const sizes = quick ? [512, 1024] : [512, 1024, 2048, 4096];
  const problems = sizes.flatMap((length) => masks.map((causal) => selfAttention(length, { causal })));
  return withPeers('lengths', problems, quick ? passes : [...passes, 'backward']);
}

/** Other shapes: wide heads and groups of query heads beside the peers; one head and odd widths, where it is enough to see no cliff. */
export function shapes(quick: boolean): Trial[] {
  const either = (length: number, other: Partial<Problem>) =>
    masks.map((causal) => selfAttention(length, { ...other, causal }));
  if (quick) return withPeers('shapes', [selfAttention(1024, { headDim: 128, causal: true })], passes);
  const raced = [...either(1024, { headDim: 128 }), ...either(2048, { headDim: 128 }), ...either(1024, { kvHeads: 2 })];
  const alone = [
    ...either(512, { headDim: 128 }),
    ...either(2048, { heads: 1 }),
    ...[40, 72, 80, 96, 100].map((headDim) => selfAttention(1024, { headDim, causal: true })),
  ];
  const directions = [...passes, 'backward'] as const;
  return [...withPeers('shapes', raced, directions), ...withPeers('shapes', alone, directions, [])];
}

/** 16-bit inputs and outputs. */
export function types(quick: boolean): Trial[] {
  const dtypes = quick ? (['bfloat16'] as const) : (['bfloat16', 'float16'] as const);
  const problems = dtypes.flatMap((dtype) => masks.map((causal) => selfAttention(1024, { causal, dtype })));
  return withPeers('types', quick ? problems.slice(1) : problems, quick ? ['forward+backward'] : passes);
}

function withPeers(
  suite: 'lengths' | 'shapes' | 'types',
  problems: Problem[],
  directions: readonly Direction[],
  others: readonly string[] = ['peers'],
): Trial[] {
  return problems.flatMap((problem) =>
    directions.map((direction) => ({
      suite,
      name: nameOf(problem),
      direction,
      entrants: [ours(problem), ...others.map((who) => ({ who, problem }))],
    })),
  );
}

/** Ours alone, far enough to see how time grows with the length. */
export function growth(quick: boolean): Trial[] {
  const sizes = quick ? [1024, 2048, 4096] : [1024, 2048, 4096, 8192, 16384];
  const heads = quick ? 1 : 8;
  return sizes.flatMap((length) => {
    const problem = selfAttention(length, { heads, causal: true });
    return (quick ? (['forward+backward'] as const) : passes).map((direction) => ({
      suite: 'growth' as const,
      name: nameOf(problem),
      direction,
      entrants: [ours(problem)],
    }));
  });
}

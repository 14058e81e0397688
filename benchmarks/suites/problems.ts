import type { Direction, Entrant, Problem, ProblemOptions } from '../report/schema.js';

/** Self-attention of one sequence, float32, D 64 and 8 heads, where nothing else is said. */
export function selfAttention(length: number, other: Partial<Problem> = {}): Problem {
  return {
    batch: 1,
    heads: 8,
    queries: length,
    keys: length,
    headDim: 64,
    causal: false,
    dtype: 'float32',
    ...other,
  };
}

/** `B1 H8:2 L1024 D64 causal`: what a problem is called in the tables. Options are named by the suites. */
export function nameOf({ batch, heads, kvHeads = heads, queries, keys, headDim, causal, dtype }: Problem): string {
  return [
    `B${batch}`,
    `H${heads}${kvHeads === heads ? '' : `:${kvHeads}`}`,
    `L${queries === keys ? keys : `${queries}x${keys}`}`,
    `D${headDim}`,
    ...(queries === 1 ? [] : [causal ? 'causal' : 'dense']),
    ...(dtype === 'float32' ? [] : [dtype]),
  ].join(' ');
}

/** Ours on a problem, under a name of its own where it races with ours on another one. */
export function ours(problem: Problem, label?: string): Entrant {
  return { who: 'fa-metal', problem, ...(label !== undefined && { label }) };
}

export function withOptions(problem: Problem, options: ProblemOptions): Problem {
  return { ...problem, options };
}

export const masks = [false, true] as const;

/** The two that a training step and an inference step pay for. */
export const passes: readonly Direction[] = ['forward', 'forward+backward'];

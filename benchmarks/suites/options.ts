import type { Direction, Entrant, Problem, ProblemOptions, Trial } from '../report/schema.js';
import { masks, nameOf, ours, passes, selfAttention, withOptions } from './problems.js';

/**
 * Each option alone, as the page names it. The window hides nothing here: its cost, not what it saves (`windows`).
 * A bias needs its gradient only where a backward pass is timed.
 */
const alone: Readonly<Record<string, (problem: Problem) => ProblemOptions>> = {
  'window (all visible)': ({ keys }) => ({ window: keys }),
  'bool mask': () => ({ mask: true }),
  bias: () => ({ bias: 'constant' }),
  'bias, its gradient': () => ({ bias: 'gradient' }),
  ALiBi: () => ({ alibi: true }),
  softcap: () => ({ softcap: 30 }),
  sinks: () => ({ sinks: true }),
  dropout: () => ({ dropout: 0.1 }),
  RoPE: () => ({ rope: true }),
};

/** Each option against the plain call, in turns with it. */
export function options(quick: boolean): Trial[] {
  const length = quick ? 512 : 1024;
  return (quick ? [true] : masks).flatMap((causal) => {
    const plain = selfAttention(length, { causal });
    return (quick ? (['forward+backward'] as const) : passes).map((direction) => ({
      suite: 'options' as const,
      name: nameOf(plain),
      direction,
      entrants: [ours(plain, 'plain'), ...eachAlone(plain, direction)],
    }));
  });
}

function eachAlone(plain: Problem, direction: Direction): Entrant[] {
  return Object.entries(alone)
    .map(([label, option]) => ours(withOptions(plain, option(plain)), label))
    .filter(({ problem }) => direction !== 'forward' || problem.options?.bias !== 'gradient');
}

/** A window over a long causal sequence: what it saves. */
export function windows(quick: boolean): Trial[] {
  const plain = selfAttention(4096, { causal: true, heads: quick ? 2 : 8 });
  const widths = quick ? [256] : [64, 256, 1024];
  return (quick ? (['forward+backward'] as const) : passes).map((direction) => ({
    suite: 'window',
    name: nameOf(plain),
    direction,
    entrants: [
      ours(plain, 'dense causal'),
      ...widths.map((window) => ours(withOptions(plain, { window }), `window ${window}`)),
    ],
  }));
}

/** Logits twenty times as large as usual: almost all probabilities are too small for a normal float32. */
export function peaked(quick: boolean): Trial[] {
  const usual = selfAttention(1024, { causal: false });
  return (quick ? (['forward+backward'] as const) : passes).map((direction) => ({
    suite: 'peaked',
    name: nameOf(usual),
    direction,
    entrants: [ours(usual, 'ordinary logits'), ours(withOptions(usual, { peak: 20 }), 'logits x 20')],
  }));
}

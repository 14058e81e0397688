import type { Direction, Problem, Trial } from '../report/schema.js';
import { masks, nameOf, ours, selfAttention } from './problems.js';

/**
 * What the way through a host costs beyond the core, where calls are short enough for it to show; then ours against
 * the host's own ops, both through tfjs-node.
 */
export function overhead(quick: boolean): Trial[] {
  const kinds = quick ? [true] : masks;
  const short = kinds.flatMap((causal) => {
    const problem = selfAttention(512, { causal });
    return [
      race(problem, 'forward', ['fa-metal', 'fa-metal tfjs', 'fa-metal onnxruntime']),
      race(problem, 'forward+backward', ['fa-metal', 'fa-metal tfjs']),
    ];
  });
  const long = (quick ? [1024] : [1024, 4096]).flatMap((length) =>
    kinds.map((causal) => race(selfAttention(length, { causal }), 'forward+backward', ['fa-metal tfjs', 'tfjs-node'])),
  );
  return [...short, ...long];
}

function race(problem: Problem, direction: Direction, names: readonly string[]): Trial {
  const entrants = names.map((who) => (who === 'fa-metal' ? ours(problem) : { who, problem }));
  return { suite: 'overhead', name: nameOf(problem), direction, entrants };
}

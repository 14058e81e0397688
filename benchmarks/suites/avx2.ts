import type { Trial } from '../report/schema.js';
import { masks, nameOf, selfAttention } from './problems.js';

/** Ours held to AVX2, as a share of a product that is held to it as well: what processors without AVX-512 get. */
export function avx2(quick: boolean): Trial[] {
  if (quick || process.arch !== 'x64') return [];
  return [64, 128].flatMap((headDim) =>
    masks.flatMap((causal) =>
      (['forward', 'backward'] as const).map((direction) => {
        const problem = selfAttention(1024, { headDim, causal });
        return { suite: 'avx2', name: nameOf(problem), direction, entrants: [{ who: 'fa-metal avx2', problem }] };
      }),
    ),
  );
}

import type { Problem } from '../report/schema.js';
import { selfAttention } from '../suites/problems.js';
import type { MemoryTrial } from './peak.js';

/** Lengths at which a contestant that stores all scores stops: eight heads of them are half a gigabyte. */
const storesScores: Readonly<Record<string, number>> = {
  'tfjs-node': 4096,
  'ORT Attention': 4096,
  TensorFlow: 4096,
};

/** Contestants of the memory plot: ours by core and through tfjs, and one peer of each kind. */
const trained = ['fa-metal', 'fa-metal tfjs', 'PyTorch', 'tfjs-node', 'TensorFlow'];

/** What is measured: a causal call with its gradients over the length, 8 heads of 64, float32; peers without gradients forward. */
export function memoryTrials(quick: boolean): MemoryTrial[] {
  const lengths = quick ? [1024, 4096] : [1024, 2048, 4096, 8192, 16384];
  const trials = (names: readonly string[], direction: MemoryTrial['direction']) =>
    names.flatMap((who) =>
      problemsUpTo(lengths, storesScores[who]).map((problem): MemoryTrial => ({ who, direction, problem })),
    );
  const forward = quick ? [] : trials(['fa-metal', 'PyTorch', 'ORT Attention'], 'forward');
  const both = trials(quick ? ['fa-metal', 'fa-metal tfjs', 'tfjs-node'] : trained, 'forward+backward');
  return [...forward, ...both];
}

function problemsUpTo(lengths: readonly number[], longest = Number.POSITIVE_INFINITY): Problem[] {
  return lengths.filter((length) => length <= longest).map((length) => selfAttention(length, { causal: true }));
}

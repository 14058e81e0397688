import { attention, attentionBackward, naiveAttention, naiveAttentionBackward, type Tensor } from '@fa-metal/reference';
import type { Question } from '../data/assemble.js';
import type { OutputName } from '../types.js';

export type Numbers = Tensor<Float64Array>;
export type Results = Partial<Record<OutputName, Numbers>>;

/** The oracle, in float64. */
export function ask({ problem, dOut, dLse }: Question): Results {
  const forward = attention(problem);
  return dOut === undefined
    ? { ...forward }
    : { ...forward, ...attentionBackward(problem, { dOut, ...(dLse && { dLse }) }) };
}

/** The plain implementation. */
export function askNaively({ problem, dOut, dLse }: Question, dtype: 'float32' | 'float16' | 'bfloat16'): Results {
  const forward = naiveAttention(problem, dtype);
  return dOut === undefined
    ? { ...forward }
    : { ...forward, ...naiveAttentionBackward(problem, { dOut, ...(dLse && { dLse }) }, dtype) };
}

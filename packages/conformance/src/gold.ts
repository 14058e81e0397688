import type { NumericArray, OutputGradients, Problem, Tensor } from '@fa-metal/reference';
import type { Case, Family } from './builder.js';
import { formatId } from './case-id.js';
import type { CaseParameters } from './parameters.js';

/** A call with results that were computed elsewhere. */
export interface GoldVector {
  /** Unique; a word without `,`, `=`, `:` or space. */
  name: string;
  dtype: 'float32' | 'float16' | 'bfloat16';
  problem: Problem;
  outputGradients?: OutputGradients;
  /** By result: out, lse, dq, dk, dv, dBias, dAlibiSlopes, dSinks. */
  expected: Readonly<Record<string, { data: NumericArray; shape: readonly number[] }>>;
  /** Largest error of another plain float32 implementation, by result, where one was measured. */
  plainErrors?: Readonly<Record<string, number>>;
}

/** A family made of vectors; hand it to `suite` beside the others. */
export function goldFamily(vectors: readonly GoldVector[]): Family {
  return {
    name: 'gold',
    plan: {
      what: 'Calls whose results an independent implementation computed.',
      boundaries:
        'Those that the vectors hold; where v is a view of k, also in the memory of k. Vectors that give a dropout mask are left out: an op draws its own.',
      control: 'The oracle of this suite is held to the same vectors in its own tests.',
    },
    cases: vectors.filter(({ problem }) => !problem.options?.dropout).flatMap(casesOf),
  };
}

/**
 * With a bias: forward alone, gradients of q, k, v, and all gradients, since backends differ in which they have.
 * With a v that is part of k: also in the memory of k.
 */
function casesOf(vector: GoldVector): Case[] {
  const whole = parametersOf(vector);
  const variants: CaseParameters[] = [{}];
  if (whole.bias !== undefined && whole.gradients === true)
    variants.push({ gradients: false, dLse: false }, { biasGradient: false });
  if (vector.problem.v.data === vector.problem.k.data) variants.push({ shared: true });
  return variants.map((variant) => {
    const { gradients, biasGradient, shared } = variant;
    const id = formatId('gold', {
      file: vector.name,
      ...(gradients === false && { gradients }),
      ...(biasGradient === false && { biasGradient }),
      ...(shared === true && { shared }),
    });
    return { family: 'gold', id, group: id, parameters: { ...whole, ...variant }, gold: vector };
  });
}

/** What the vector's call needs of an implementation, in the words of cases. */
function parametersOf({ name, dtype, problem, outputGradients }: GoldVector): CaseParameters {
  const { options = {}, q, k, v } = problem;
  const { causal = 'none', align, window, rope } = options;
  const bounded = window !== undefined && (window.left >= 0 || window.right >= 0);
  return {
    ...sizesOf(problem),
    D: q.shape.at(-1)!,
    Dv: v.shape.at(-1)!,
    file: name,
    dtype,
    gradients: outputGradients !== undefined,
    dLse: outputGradients?.dLse !== undefined,
    causal: typeof causal === 'object' ? causal.offset : causal,
    ...(align !== undefined &&
      causal === 'none' &&
      (bounded || options.alibiSlopes) && { align: typeof align === 'object' ? align.offset : align }),
    ...(bounded && { left: window.left, right: window.right }),
    ...(options.scale !== undefined && { scale: options.scale }),
    ...(options.softcap && { softcap: options.softcap }),
    ...(options.mask && { mask: 'BHQ' }),
    ...(options.bias && { bias: 'BHQ', biasDtype: 'float32' }),
    ...(options.alibiSlopes && { alibi: options.alibiSlopes.shape.length === 1 ? 'H' : 'BH' }),
    ...(options.sinks && { sinks: true }),
    ...(options.kvLengths && { kvLengths: 'random' }),
    ...(options.blockTable && { pageSize: k.shape[1]! }),
    ...(options.kScale && { int8: true }),
    ...(rope && { rope: rope.style, rotary: 2 * rope.cos.shape[1]! }),
  };
}

function sizesOf({ q, k, options = {} }: Problem): CaseParameters {
  const { cuSeqlensQ, cuSeqlensK, blockTable } = options;
  if (cuSeqlensQ !== undefined && cuSeqlensK !== undefined) {
    const [queries, keys] = [lengthsOf(cuSeqlensQ), lengthsOf(cuSeqlensK)];
    return { Hq: q.shape[1]!, Hkv: k.shape[1]!, varlen: queries.map((count, i) => `${count}-${keys[i]}`).join('+') };
  }
  const [B, Hq, Lq] = q.shape as [number, number, number];
  if (blockTable !== undefined) return { B, Hq, Lq, Hkv: k.shape[2]!, Lk: blockTable.shape[1]! * k.shape[1]! };
  return { B, Hq, Lq, Hkv: k.shape[1]!, Lk: k.shape[2]! };
}

function lengthsOf({ data }: Tensor): number[] {
  return Array.from(data.subarray(1), (end, index) => end - data[index]!);
}

import { readValues } from '@fa-metal/conformance';
import {
  attention,
  attentionBackward,
  type Problem as ExactProblem,
  naiveAttention,
  naiveAttentionBackward,
} from '@fa-metal/reference';
import type { Direction, Problem } from '../../report/schema.js';
import { type Call, makeCall } from '../call.js';
import { type Expected, SampleBuilder } from './expected.js';

const twinLength = 80;
const twinHeads = 4;

/**
 * The same kind of problem, small enough for the float64 reference to do all of it. Stands for problems with options,
 * of whose results no part can be had alone.
 */
export function twinOf(problem: Problem): Problem {
  const { heads, kvHeads = heads, queries, keys, options = {} } = problem;
  const group = heads / kvHeads;
  const lengths = options.lengths?.map((length) => Math.ceil((length / keys) * twinLength));
  const total = lengths?.reduce((sum, length) => sum + length, 0) ?? twinLength;
  const fewer = Math.max(group, Math.min(heads, twinHeads));
  return {
    ...problem,
    batch: Math.min(problem.batch, 2),
    heads: fewer,
    kvHeads: fewer / group,
    queries: queries === 1 ? 1 : total,
    keys: total,
    options: {
      ...options,
      ...(lengths && { lengths }),
      ...(options.window !== undefined && { window: Math.ceil((options.window / keys) * twinLength) }),
    },
  };
}

/** All results of a small problem. */
export function expectedOfTwin(problem: Problem, direction: Direction): Expected {
  const call = makeCall(problem);
  const exact = exactProblem(call);
  const [truth, naive] = [attention(exact), naiveAttention(exact, problem.dtype)];
  const forward = { out: all(truth.out.data, naive.out.data, 2), lse: all(truth.lse.data, naive.lse.data, 2) };
  if (direction === 'forward') return forward;
  const seeds = { dOut: plainTensor(call.dOut) };
  const gradients = attentionBackward(exact, seeds);
  const naiveGradients = naiveAttentionBackward(exact, seeds, problem.dtype);
  const wanted = Object.entries(gradients).filter(([name]) => name !== 'dBias' || call.needs.bias !== false);
  return {
    ...forward,
    ...Object.fromEntries(wanted.map(([name, { data }]) => [name, all(data, naiveGradients[name as 'dq'].data, 3)])),
  };
}

function all(reference: ArrayLike<number>, naive: ArrayLike<number>, factor: 2 | 3): SampleBuilder {
  const sample = new SampleBuilder(factor);
  sample.add(0, reference, naive);
  return sample;
}

type CoreTensor = Call['q'];

function plainTensor(tensor: CoreTensor) {
  return { data: readValues(tensor), shape: tensor.shape };
}

/** The call in the reference's terms: every tensor as plain numbers. */
function exactProblem({ q, k, v, options }: Call): ExactProblem {
  const isTensor = (value: unknown): value is CoreTensor =>
    typeof value === 'object' && value !== null && 'dtype' in value;
  const plain = (value: unknown): unknown => {
    if (isTensor(value)) return plainTensor(value);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  };
  return {
    q: plainTensor(q),
    k: plainTensor(k),
    v: plainTensor(v),
    options: plain(options) as ExactProblem['options'] & {},
  };
}

import type { Direction, Problem } from '../../report/schema.js';
import { operations } from '../work.js';

/** Processes that contestants run in; those that use the same libraries share one. */
export type ProcessName = 'core' | 'tfjs-node' | 'tfjs wasm' | 'onnxruntime-node' | 'PyTorch' | 'TensorFlow';

/** Someone who can be timed. */
export interface Contestant {
  readonly name: string;
  readonly process: ProcessName;
  /** Ours, by whatever route: not one of the `peers` of a trial. */
  readonly ours: boolean;
  /** Whose matrix product its shares are shares of: the CPU's, that held to an instruction set, or the GPU's. */
  readonly limit: string;
  /** Why it has no such call; undefined when it has. */
  refuses(problem: Problem, direction: Direction): string | undefined;
}

type Condition = (problem: Problem, direction: Direction) => string | undefined;

const when =
  (test: (problem: Problem, direction: Direction) => boolean | undefined, reason: string): Condition =>
  (problem, direction) =>
    test(problem, direction) ? reason : undefined;

const plainOnly = when(({ options }) => options !== undefined, 'only plain calls are compared');
const noBackwardAlone = when((_, direction) => direction === 'backward', 'has no backward pass by itself');
const forwardOnly = when((_, direction) => direction !== 'forward', 'has no backward pass');
const float32Only = when(({ dtype }) => dtype !== 'float32', 'float32 only');
const noGroups = when(({ heads, kvHeads = heads }) => heads !== kvHeads, 'has no grouped heads');
const squareCausal = when(
  ({ causal, queries, keys }) => causal && queries !== keys && queries > 1,
  'its causal diagonal starts at the first key',
);
const causalOnly = when(({ causal }) => !causal, 'made for causal attention');
/** Its batched products run at less than one GFLOP/s. */
const smallOnly = when(
  (problem, direction) => operations(problem, direction) > 6e8,
  'too slow to wait for beyond 8 heads of 512 rows forward, 256 with gradients',
);

const unfused = [plainOnly, noBackwardAlone, float32Only, noGroups, squareCausal];
const onnx = [plainOnly, forwardOnly, float32Only, squareCausal];

const table: readonly Contestant[] = [
  ours('fa-metal', 'core', []),
  ours('fa-metal tfjs', 'tfjs-node', [plainOnly, noBackwardAlone, float32Only]),
  ours('fa-metal onnxruntime', 'onnxruntime-node', onnx),
  peer('tfjs-node', 'tfjs-node', unfused),
  peer('tfjs wasm', 'tfjs wasm', [...unfused, smallOnly]),
  peer('ORT Attention', 'onnxruntime-node', onnx),
  peer('ORT MultiHeadAttention', 'onnxruntime-node', [...onnx, noGroups]),
  peer('ORT GroupQueryAttention', 'onnxruntime-node', [...onnx, causalOnly]),
  peer('PyTorch', 'PyTorch', [plainOnly, noBackwardAlone, squareCausal]),
  peer('TensorFlow', 'TensorFlow', unfused),
];

/** All peers, in the order of tables. */
export const peers: readonly Contestant[] = table.filter(({ ours }) => !ours);

/** @throws RangeError for a name that nobody has */
export function findContestant(name: string): Contestant {
  const known = table.find((contestant) => contestant.name === name);
  if (known) return known;
  const [, variant, more] = name.startsWith('fa-metal ') ? name.split(' ') : [];
  if (variant === undefined || more !== undefined) {
    throw new RangeError(
      `expected one of ${table.map((one) => one.name).join(', ')}, or 'fa-metal <instruction set>', got ${name}`,
    );
  }
  return { ...ours(name, 'core', []), limit: variant === 'metal' ? 'gpu' : variant };
}

function ours(name: string, process: ProcessName, conditions: readonly Condition[]): Contestant {
  return { name, process, ours: true, limit: 'cpu', refuses: firstOf(conditions) };
}

function peer(name: string, process: ProcessName, conditions: readonly Condition[]): Contestant {
  return { name, process, ours: false, limit: 'cpu', refuses: firstOf(conditions) };
}

function firstOf(conditions: readonly Condition[]): Condition {
  return (problem, direction) => {
    for (const condition of conditions) {
      const reason = condition(problem, direction);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
}

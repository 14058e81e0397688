import type { Tensor, TensorFlow } from '../../tensorflow.js';
import type { Problem } from './problem.js';
import { readIndices } from './read-sequences.js';
import { packedIndex, type Side } from './rows.js';

/** Rotates rows [B, H, L, D]; with direction -1 back, which carries gradients. */
export type Rotate = (rows: Tensor, direction: 1 | -1) => Tensor;

const unchanged: Rotate = (rows) => rows;

/** The rotary embedding of q or k. */
export function rotation(
  tf: TensorFlow,
  problem: Problem,
  { named, style }: { named: Map<string, Tensor>; style: 'half' | 'interleaved' | undefined },
  side: Side,
): Rotate {
  const [cos, sin] = [named.get('rope.cos'), named.get('rope.sin')];
  const length = side === 'queries' ? problem.Lq : problem.Lk;
  if (!cos || !sin || problem.B * length === 0 || cos.size === 0) return unchanged;
  const pairs = cos.shape[1] as number;
  const index = tf.tensor1d(positionsOf(problem, named, side), 'int32');
  const table = (values: Tensor) => values.gather(index).reshape([problem.B, 1, length, pairs]);
  const [cosine, sine] = [table(cos), table(sin)];
  return (rows, direction) => {
    const turn = direction === 1 ? sine : sine.neg();
    const [x, y, rest] = split(rows, pairs, style);
    const turned = [x.mul(cosine).sub(y.mul(turn)), y.mul(cosine).add(x.mul(turn))] as const;
    const joined =
      style === 'interleaved'
        ? tf.stack([...turned], -1).reshape([...rows.shape.slice(0, 3), 2 * pairs])
        : tf.concat([...turned], -1);
    return rest ? tf.concat([joined, rest], -1) : joined;
  };
}

/** The two parts of each pair, and the columns that are left alone. */
function split(rows: Tensor, pairs: number, style: 'half' | 'interleaved' | undefined) {
  const width = rows.shape[3] as number;
  const columns = (from: number, count: number) => rows.slice([0, 0, 0, from], [-1, -1, -1, count]) as Tensor;
  const rest = width > 2 * pairs ? columns(2 * pairs, width - 2 * pairs) : undefined;
  if (style === 'half') return [columns(0, pairs), columns(pairs, pairs), rest] as const;
  const paired = columns(0, 2 * pairs).reshape([...rows.shape.slice(0, 3), pairs, 2]);
  const [x, y] = paired.unstack(-1) as [Tensor, Tensor];
  return [x, y, rest] as const;
}

/** For each row of each sequence; 0 for rows that nobody sees. */
function positionsOf(problem: Problem, named: Map<string, Tensor>, side: Side): number[] {
  const { storage, sequences, Lq, Lk } = problem;
  const given = readIndices(named, side === 'queries' ? 'rope.positionsQ' : 'rope.positionsK');
  const length = side === 'queries' ? Lq : Lk;
  if (given && storage !== 'packed') return [...given];
  if (given) {
    return packedIndex(problem, side).flatMap((tokens) => tokens.map((token) => (token < 0 ? 0 : (given[token] ?? 0))));
  }
  return sequences.flatMap(({ queries, keys }) => {
    const [first, count] = side === 'queries' ? [keys - queries, queries] : [0, keys];
    return Array.from({ length }, (_, row) => (row < count ? first + row : 0));
  });
}

import type { Broadcast } from '../parameters.js';
import { type Resolved, sequencesOf } from '../resolve.js';
import { RandomStream } from './random.js';
import { draw, normal, type Values } from './values.js';

/** [1|B, 1|Hq, 1|Lq, Lk]; of packed sequences the longest count. */
export function broadcastShape(pattern: Broadcast, given: Resolved): number[] {
  const { B, Hq } = given;
  const sequences = sequencesOf(given);
  const queries = Math.max(0, ...sequences.map((sequence) => sequence.queries));
  const keys = Math.max(0, ...sequences.map((sequence) => sequence.keys));
  return [pattern[0] === 'B' ? B : 1, pattern[1] === 'H' ? Hq : 1, pattern[2] === 'Q' ? queries : 1, keys];
}

export function drawMask(seed: string, given: Resolved): Values | undefined {
  if (given.mask === undefined) return undefined;
  const shape = broadcastShape(given.mask, given);
  const [, heads, rows, keys] = shape as [number, number, number, number];
  const kind = given.maskKind ?? 'random';
  const stream = new RandomStream(`${seed}/maskLengths`);
  const lengths = Array.from({ length: shape[0]! }, () => 1 + stream.below(keys));
  let index = 0;
  return draw(`${seed}/mask`, shape, 'bool', (random) => {
    const key = index % keys;
    const row = Math.floor(index / keys) % rows;
    const batch = Math.floor(index / (keys * rows * heads));
    index++;
    if (kind === 'keep' || kind === 'drop') return Number(kind === 'keep');
    if (kind === 'padding') return Number(key < lengths[batch]!);
    if (kind === 'steps') return Number(key < 96 * (1 + Math.floor(row / 48)));
    const keep = random.uniform() < 0.75;
    return Number(keep && !(kind === 'deadRows' && row % 3 === 1));
  });
}

export function drawBias(seed: string, given: Resolved): Values | undefined {
  if (given.bias === undefined) return undefined;
  const shape = broadcastShape(given.bias, given);
  const [rows, keys] = [shape[2]!, shape[3]!];
  const kind = given.biasKind ?? 'normal';
  let index = 0;
  return draw(`${seed}/bias`, shape, given.biasDtype ?? 'float32', (stream) => {
    const row = Math.floor(index / keys) % rows;
    index++;
    const value = normal(stream, 0, 1);
    const marked = stream.uniform() < 0.25;
    if (kind === 'zero') return 0;
    if (kind === 'deadRows') return row % 3 === 1 ? -Infinity : value;
    if (kind === 'normal' || !marked) return value;
    return kind === 'negInf' ? -Infinity : -10000;
  });
}

/** Between 1 and Lk each, or 0, 1, Lk in turn; of packed sequences each one's own Lk. */
export function drawLengths(seed: string, given: Resolved): Values | undefined {
  if (given.kvLengths === undefined) return undefined;
  const sequences = sequencesOf(given);
  let index = 0;
  return draw(`${seed}/kvLengths`, [given.B], 'int32', (stream) => {
    const { keys } = sequences[index]!;
    const edge = [0, 1, keys][index++ % 3]!;
    return Math.min(keys, given.kvLengths === 'edges' ? edge : 1 + stream.below(keys));
  });
}

export function drawSlopes(seed: string, { alibi, B, Hq }: Resolved): Values | undefined {
  if (alibi === undefined) return undefined;
  return draw(`${seed}/alibi`, alibi === 'H' ? [Hq] : [B, Hq], 'float32', (stream) => stream.uniform() / 4);
}

export function drawSinks(seed: string, { sinks, Hq }: Resolved): Values | undefined {
  return sinks === true ? draw(`${seed}/sinks`, [Hq], 'float32', normal) : undefined;
}

/** cos and sin of a table of angles, [positions, rotary / 2]. */
export function ropeTables({ Lq, Lk, D, rotary = D }: Resolved): { cos: Values; sin: Values } {
  const positions = Lq + Lk;
  const half = rotary / 2;
  const table = (turn: (angle: number) => number): Values => ({
    data: Float64Array.from({ length: positions * half }, (_, index) =>
      Math.fround(turn(Math.floor(index / half) * 10000 ** (-(index % half) / half))),
    ),
    shape: [positions, half],
    dtype: 'float32',
  });
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Rows of the tables for every query and key, in no order; [B, L], packed [T]. */
export function drawPositions(
  seed: string,
  { positions, varlen, B, Lq, Lk }: Resolved,
): { positionsQ: Values; positionsK: Values } | undefined {
  if (positions !== true) return undefined;
  const drawn = (name: string, length: number): Values =>
    draw(`${seed}/${name}`, varlen === undefined ? [B, length] : [length], 'int32', (stream) => stream.below(Lq + Lk));
  return { positionsQ: drawn('positionsQ', Lq), positionsK: drawn('positionsK', Lk) };
}

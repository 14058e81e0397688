import { refusal } from '@fa-metal/core';
import type { Tensor } from '../../tensorflow.js';
import { type BandRule, offsetOf } from './read-scalars.js';
import type { Sizes } from './read-sizes.js';

export interface Sequence {
  /** Where its rows start among packed tokens; 0 otherwise. */
  firstQuery: number;
  firstKey: number;
  queries: number;
  /** Keys that it has memory for, and the first of them, which may be seen. */
  storedKeys: number;
  keys: number;
  /** Of the diagonal that causal, window and ALiBi measure from. */
  offset: number;
}

type Named = Map<string, Tensor>;

/** Reads lengths, starts, pages and positions, and checks their values. @throws FaMetalError */
export function readSequences(named: Named, { B, Lq, Lk, storage, pageSize }: Sizes, rule: BandRule): Sequence[] {
  const packed = storage === 'packed';
  const startsQ = packed ? readStarts(named, 'cuSeqlensQ', Lq) : [];
  const startsK = packed ? readStarts(named, 'cuSeqlensK', Lk) : [];
  const lengths = readIndices(named, 'kvLengths');
  const sequences = Array.from({ length: B }, (_, b) => {
    const [firstQuery, firstKey] = [startsQ[b] ?? 0, startsK[b] ?? 0];
    const queries = packed ? (startsQ[b + 1] as number) - firstQuery : Lq;
    const storedKeys = packed ? (startsK[b + 1] as number) - firstKey : Lk;
    const keys = lengths?.[b] ?? storedKeys;
    expectRange('kvLengths', 'lengths', keys, storedKeys);
    return { firstQuery, firstKey, queries, storedKeys, keys };
  });
  if (storage === 'paged') checkPages(named, sequences, pageSize);
  checkPositions(named);
  return sequences.map((sequence) => {
    const offset = offsetOf(rule, sequence.queries, sequence.keys);
    checkDefaultPositions(named, sequence);
    return { ...sequence, offset };
  });
}

/** The values of an int32 tensor; undefined where it is not given. @throws FaMetalError */
export function readIndices(named: Named, name: string): Int32Array | undefined {
  const tensor = named.get(name);
  if (!tensor) return undefined;
  try {
    return tensor.dataSync() as Int32Array;
  } catch (cause) {
    const expected = 'a backend that reads tensors synchronously, as the composed route has to';
    throw refusal({ code: 'UNSUPPORTED', argument: name, expected, got: String(cause) }, cause);
  }
}

function expectRange(argument: string, what: string, value: number, high: number): void {
  if (value >= 0 && value <= high) return;
  throw refusal({ code: 'INVALID_ARGUMENT', argument, expected: `${what} from 0 to ${high}`, got: String(value) });
}

function readStarts(named: Named, argument: string, total: number): Int32Array {
  const starts = readIndices(named, argument) as Int32Array;
  const refuse = (expected: string, got: unknown) =>
    refusal({ code: 'INVALID_ARGUMENT', argument, expected, got: String(got) });
  if (starts[0] !== 0) throw refuse('a first value of 0', starts[0]);
  starts.forEach((start, index) => {
    const before = starts[index - 1] ?? 0;
    if (start < before) throw refuse('values that never decrease', `${start} after ${before}`);
  });
  if (starts.at(-1) !== total) throw refuse(`a last value of ${total}`, starts.at(-1));
  return starts;
}

/** Only the pages that a length reaches are looked at: the rest of a row may be anything. */
function checkPages(named: Named, sequences: readonly Omit<Sequence, 'offset'>[], pageSize: number): void {
  const table = readIndices(named, 'blockTable') as Int32Array;
  const [pages = 0] = (named.get('k') as Tensor).shape;
  const maxPages = (named.get('blockTable') as Tensor).shape[1] as number;
  sequences.forEach(({ keys }, b) => {
    for (let page = 0; page * pageSize < keys; page++) {
      expectRange('blockTable', 'pages', table[b * maxPages + page] as number, pages - 1);
    }
  });
}

function checkPositions(named: Named): void {
  const [rows = 0] = named.get('rope.cos')?.shape ?? [];
  for (const name of ['rope.positionsQ', 'rope.positionsK']) {
    for (const position of readIndices(named, name) ?? []) expectRange('rope', 'positions', position, rows - 1);
  }
}

function checkDefaultPositions(named: Named, { queries, keys }: Omit<Sequence, 'offset'>): void {
  const cos = named.get('rope.cos');
  if (!cos) return;
  const [hasQ, hasK] = [named.has('rope.positionsQ'), named.has('rope.positionsK')];
  if (!hasQ && queries > keys) {
    const expected = 'positionsQ, because Lq > Lk leaves negative default positions';
    throw refusal({ code: 'INVALID_ARGUMENT', argument: 'rope', expected, got: 'none' });
  }
  const [positions = 0] = cos.shape;
  const takesDefaults = (!hasQ && queries > 0) || (!hasK && keys > 0);
  if (!takesDefaults || positions >= keys) return;
  const expected = `cos and sin for ${keys} positions`;
  throw refusal({ code: 'SHAPE_MISMATCH', argument: 'rope', expected, got: String(positions) });
}

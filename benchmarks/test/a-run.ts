import type { Direction, Entrant, Entry, Machine, Measurement, Run, Spread, Trial } from '../report/schema.js';
import { suites } from '../suites/index.js';

export const machine: Machine = {
  cpu: 'Example(R) CPU <fast>',
  cores: 2,
  memoryBytes: 24e9,
  os: 'Linux 6.1 x64',
  backend: 'cpu',
  device: 'Example(R) CPU <fast>',
  isa: 'avx512',
  software: false,
};

const peers = ['PyTorch', 'ORT MultiHeadAttention', 'tfjs-node'];
const productRate = 100e9;

/** A run that was never made: the times follow from the operations and a share for each contestant. */
export function aRun(changes: Partial<Run> & { readonly shareOfOurs?: number } = {}): Run {
  const { shareOfOurs = 0.9, ...rest } = changes;
  const trials = Object.values(suites).flatMap((trialsOf) => trialsOf?.(false) ?? []);
  return {
    schema: 2,
    date: '2026-01-02T03:04:05.000Z',
    commit: '0123456789abcdef',
    changed: false,
    flags: [],
    quick: false,
    machine,
    versions: { node: 'v20.0.0', 'fa-metal': '0.1.0', PyTorch: '2.8.0' },
    limits: [1, 2].map((threads) => ({
      threads,
      product: 'torch.mm (MKL) 1536',
      productRate: around(threads * productRate),
      readRate: around(threads * 12e9),
    })),
    absent: [{ name: 'TensorFlow', reason: 'no python that has it' }],
    measurements: [1, 2].flatMap((threads) => trials.map((trial) => measured(trial, threads, shareOfOurs))),
    memory: ['fa-metal', 'tfjs-node'].flatMap((name) =>
      [1024, 2048, 4096].map((length) => ({
        name,
        length,
        direction: 'forward+backward' as const,
        causal: true,
        extraBytes: name === 'fa-metal' ? 4e3 * length : 40 * length ** 2,
      })),
    ),
    wallSeconds: 100,
    ...rest,
  };
}

function measured({ suite, name, direction, entrants }: Trial, threads: number, shareOfOurs: number): Measurement {
  const all = entrants.flatMap((entrant) =>
    entrant.who === 'peers' ? peers.map((who) => ({ ...entrant, who })) : [entrant],
  );
  const timed = all.filter(({ who }) => direction === 'forward' || !who.startsWith('ORT'));
  const entries = timed.map((entrant) => entryOf(entrant, direction, threads, shareOfOurs));
  const base = entries[0]?.seconds.median ?? 1;
  return {
    suite,
    name,
    direction,
    threads,
    entries: entries.map((entry) => ({ ...entry, ratio: around(entry.seconds.median / base) })),
    omitted: all
      .filter((entrant) => !timed.includes(entrant))
      .map(({ who, problem }) => ({ who, name: who, problem, kind: 'refused' as const, reason: 'no <backward> pass' })),
  };
}

function entryOf({ who, label, problem }: Entrant, direction: Direction, threads: number, shareOfOurs: number): Entry {
  const share =
    shareOfOurs / (1 + 0.5 * (peers.indexOf(who) + 1)) / (1 + Object.keys(problem.options ?? {}).length / 10);
  const lengths = problem.options?.lengths ?? Array.from({ length: problem.batch }, () => problem.keys);
  const rows = problem.queries === problem.keys ? lengths : lengths.map(() => problem.queries);
  const squares = lengths.reduce((sum, length, sequence) => sum + length * (rows[sequence] ?? length), 0);
  const pairs = problem.heads * squares * (problem.causal ? 0.5 : 1);
  const operations = pairs * problem.headDim * { forward: 4, backward: 10, 'forward+backward': 14 }[direction];
  return {
    who,
    name: label ?? who,
    problem,
    seconds: around(operations / (share * threads * productRate)),
    operations,
    bytes: 8 * (problem.kvHeads ?? problem.heads) * problem.keys * problem.headDim,
    share: around(share),
    ...(problem.queries === 1 && { readShare: around(share * 0.9) }),
    ratio: around(1),
    steady: { share: true, ratio: who !== 'tfjs-node', readShare: true },
  };
}

function around(median: number): Spread {
  return { min: 0.97 * median, lower: 0.99 * median, median, upper: 1.01 * median, rounds: 5 };
}

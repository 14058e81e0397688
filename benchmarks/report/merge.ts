import type { Limit, Measurement, MemoryRow, Run } from './schema.js';

/**
 * Runs that were made in pieces (`--suites`, `--threads`) as one. What was measured twice counts as measured last, of
 * limits the highest.
 *
 * @throws RangeError where the pieces are of different machines, commits or kinds
 */
export function mergeRuns(runs: readonly Run[]): Run {
  const [first, ...others] = [...runs].sort((a, b) => a.date.localeCompare(b.date));
  if (!first) throw new RangeError('expected at least one run');
  return others.reduce(merge, first);
}

function merge(a: Run, b: Run): Run {
  const different = (['machine', 'commit', 'quick'] as const).find(
    (field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]),
  );
  if (different) throw new RangeError(`expected pieces of one run, got different values of ${different}`);
  return {
    ...a,
    changed: a.changed || b.changed,
    flags: [],
    versions: { ...a.versions, ...b.versions },
    limits: latest([...a.limits, ...b.limits].sort(byRate), ({ threads }) => String(threads)),
    absent: latest([...a.absent, ...b.absent], ({ name }) => name),
    measurements: latest([...a.measurements, ...b.measurements], measurementKey),
    memory: latest([...a.memory, ...b.memory], memoryKey),
    wallSeconds: a.wallSeconds + b.wallSeconds,
  };
}

/** A limit is the fastest that was seen: a busy machine can only hide it. */
const byRate = (a: Limit, b: Limit) => a.productRate.median - b.productRate.median;

const measurementKey = ({ suite, name, direction, threads }: Measurement) =>
  [suite, name, direction, threads].join('|');

const memoryKey = ({ name, length, direction, causal }: MemoryRow) => [name, length, direction, causal].join('|');

/** The last of each key, in the place of the first. */
function latest<T>(all: readonly T[], keyOf: (one: T) => string): T[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

import type { Settings } from '../attention/peers/start.js';
import type { MemoryRow } from '../report/schema.js';
import { measurePeak, whyNoPeaks } from './peak.js';
import { memoryTrials } from './rows.js';

export interface MeasuredMemory {
  readonly rows: readonly MemoryRow[];
  /** What could not be measured, a line each. */
  readonly left: readonly string[];
}

/**
 * Peak memory of every contestant of the memory plot.
 *
 * @param say told what was measured, as it happens
 */
export async function measureMemory(
  settings: Settings,
  quick: boolean,
  say: (line: string) => void = () => {},
): Promise<MeasuredMemory> {
  if (whyNoPeaks !== undefined) return { rows: [], left: [whyNoPeaks] };
  const [rows, left]: [MemoryRow[], Set<string>] = [[], new Set()];
  for (const trial of memoryTrials(quick)) {
    try {
      const row = await measurePeak(trial, settings);
      rows.push(row);
      say(`${row.name} ${row.direction} L${row.length}: ${(row.extraBytes / 1e6).toFixed(0)} MB`);
    } catch (error) {
      left.add(`${trial.who} ${trial.direction}: ${(error as Error).message}`);
    }
  }
  return { rows, left: [...left] };
}

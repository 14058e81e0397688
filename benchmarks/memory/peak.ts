import { readFileSync, writeFileSync } from 'node:fs';
import { findContestant } from '../attention/peers/contestants.js';
import { loadProblem } from '../attention/peers/load.js';
import { type Settings, startProcess } from '../attention/peers/start.js';
import type { Direction, MemoryRow, Problem } from '../report/schema.js';
import { selfAttention } from '../suites/problems.js';

/** One call whose peak memory is wanted. */
export interface MemoryTrial {
  readonly who: string;
  readonly direction: Direction;
  readonly problem: Problem;
}

/** Why peaks cannot be measured on this system; undefined where they can. */
export const whyNoPeaks =
  process.platform === 'linux' ? undefined : 'the peak of another process is read from /proc, which is Linux';

/**
 * Peak memory of one call, above what its process held with the inputs. The process is new: no call before has left
 * memory behind that this one could use. Rejects where the contestant cannot run or has no such call.
 */
export async function measurePeak({ who, direction, problem }: MemoryTrial, settings: Settings): Promise<MemoryRow> {
  const contestant = findContestant(who);
  const refusal = contestant.refuses(problem, direction);
  if (refusal !== undefined) throw new Error(refusal);
  const [peer] = await startProcess(contestant.process, settings);
  try {
    // Threads, code and caches of a library are not the call's.
    const small = selfAttention(64, { causal: problem.causal, dtype: problem.dtype });
    await loadProblem(peer, { id: 'small', contestant: who, problem: small });
    await peer.ask({ ask: 'run', id: 'small', direction });
    await loadProblem(peer, { id: 'wanted', contestant: who, problem });
    const before = startPeak(peer.pid as number);
    await peer.ask({ ask: 'run', id: 'wanted', direction });
    const extraBytes = peakOf(peer.pid as number) - before;
    return { name: who, length: problem.keys, direction, causal: problem.causal, extraBytes };
  } finally {
    await peer.close();
  }
}

/** Bytes that a process holds now; its peak starts again from here. */
function startPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return statusOf(pid, 'VmRSS');
}

function peakOf(pid: number): number {
  return statusOf(pid, 'VmHWM');
}

function statusOf(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`expected ${field} in the status of process ${pid}`);
  return 1024 * Number(kilobytes);
}

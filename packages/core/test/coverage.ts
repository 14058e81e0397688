import {
  type Adapter,
  buildCall,
  type Case,
  type DeviceRefusal,
  type Pair,
  type PairOutcome,
  type PairSize,
  pairCases,
  requiredFeatures,
  runCase,
} from '@fa-metal/conformance';
import type { AttentionOptions, Device, ProblemDescription } from '../src/index.js';
import { FaMetalError } from '../src/index.js';

export type Direction = 'forward' | 'backward';

/** A backend whose cells are filled: one adapter and device for each way in which it computes (instruction sets). */
export interface CoveredBackend {
  name: 'cpu' | 'metal';
  ways: readonly { device: Device; adapter: Adapter }[];
  /** The cases that are run of a pair. */
  choose(pair: Pair, direction: Direction): Case[];
}

/** All cases of a pair, on few rows and on many. */
export function everyCase(pair: Pair, direction: Direction): Case[] {
  return (['few', 'many'] as const).flatMap((size) => pairCases(pair, size, direction));
}

/** One way to say the options, and one size: pairs take turns. */
export function oneCase(pair: Pair, direction: Direction): Case[] {
  const turn = [...`${pair.first}${pair.second}`].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const size: PairSize = turn % 2 === 0 ? 'few' : 'many';
  const all = pairCases(pair, size, direction);
  return [all[Math.floor(turn / 2) % all.length]!];
}

/** What the device says to the call before it is made; undefined when it would run. */
function refusalOf(device: Device, one: Case, direction: Direction): DeviceRefusal | undefined {
  const { q, k, v, options, needs } = buildCall(one.id, one.parameters).call;
  const given = { q, k, v, options: options as AttentionOptions, ...(needs && { needs }) } as ProblemDescription;
  for (const which of direction === 'forward' ? (['forward'] as const) : (['forward', 'backward'] as const)) {
    try {
      device.plan({ ...given, direction: which });
    } catch (error) {
      if (!FaMetalError.isInstance(error)) throw error;
      const { code, argument = '', message } = error;
      return { code, argument, message: message.replace(/^\[\w+\] (\w+: )?/, '') };
    }
  }
  return undefined;
}

/** Runs the cases of a pair; a refusal must come as announced, with nothing written. */
export async function outcomeOf(
  backend: CoveredBackend,
  pair: Pair,
  direction: Direction,
): Promise<{ outcome: PairOutcome; failures: string[] }> {
  const refusals: DeviceRefusal[] = [];
  const failures: string[] = [];
  let passed = 0;
  for (const one of backend.choose(pair, direction)) {
    const results = await Promise.all(backend.ways.map((way) => resultOf(way, one, direction)));
    const wrong = results.filter(({ failure }) => failure !== undefined);
    failures.push(...wrong.map(({ failure }) => `${backend.name} ${one.id}\n    ${failure}`));
    if (wrong.length > 0) continue;
    const { refusal } = results[0]!;
    if (refusal === undefined) passed++;
    else refusals.push(refusal);
  }
  return { outcome: { ...pair, backend: backend.name, direction, passed, refusals }, failures };
}

async function resultOf(
  { device, adapter }: CoveredBackend['ways'][number],
  one: Case,
  direction: Direction,
): Promise<{ refusal?: DeviceRefusal; failure?: string }> {
  const refusal = refusalOf(device, one, direction);
  // The suite then checks that the refusal comes: its code, an argument, and that nothing is written.
  const feature = requiredFeatures(one.parameters)[0];
  const notSupported = refusal === undefined || feature === undefined ? {} : { [feature]: refusal.message };
  const { status, message } = await runCase({ ...adapter, manifest: { ...adapter.manifest, notSupported } }, one);
  if (refusal === undefined) return status === 'pass' ? {} : { failure: message ?? status };
  return status === 'not-supported' ? { refusal } : { failure: `${refusal.code} of ${refusal.argument}: ${message}` };
}

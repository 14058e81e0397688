import { cpus } from 'node:os';
import { maxSoftwareThreads } from '../generated/limits.js';
import { hostPlatform } from '../load-remedy.js';
import { packageVersion } from '../version.js';
import { findHosts, type HostLibrary } from './hosts.js';
import type { ProbeReport } from './probe.js';
import type { RunProbe } from './run-probe.js';

/** Something that does not work, and what to do. */
export interface Finding {
  what: string;
  remedy: string;
}

/** All that `fa-metal doctor --json` prints. */
export interface DoctorReport extends ProbeReport {
  /** False when there is a problem. */
  healthy: boolean;
  /** Of @fa-metal/core. */
  version: string;
  platform: { os: string; arch: string; libc?: string; node: string; cpu: string; cores: number };
  /** FA_METAL_* variables that are set. */
  environment: Record<string, string>;
  hosts: HostLibrary[];
  problems: Finding[];
  /** Not ours, or not in the way. */
  warnings: Finding[];
}

export async function examine(folder: string, runProbe: RunProbe): Promise<DoctorReport> {
  const probe = await runProbe();
  const hosts = findHosts(folder);
  const problems = findProblems(probe);
  return {
    healthy: problems.length === 0,
    version: packageVersion,
    platform: {
      ...hostPlatform(),
      node: process.versions.node,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
    },
    environment: readVariables(),
    ...probe,
    hosts,
    problems,
    warnings: hosts.flatMap(hostWarning),
  };
}

const remedies: Readonly<Record<string, string>> = {
  INVALID_ENVIRONMENT: `Correct the variable, or unset it. FA_METAL_THREADS goes to ${maxSoftwareThreads}.`,
  BACKEND_UNAVAILABLE: 'Unset FA_METAL_BACKEND and FA_METAL_DEVICE, or set FA_METAL_BACKEND=cpu.',
};

function findProblems({ failure, selfCheck }: ProbeReport): Finding[] {
  if (failure) {
    const [what, said] = failure.message.split('\nWhat to do: ');
    const remedy = said ?? remedies[failure.code] ?? 'Please report this, with the output of `fa-metal doctor --json`.';
    return [{ what: what as string, remedy }];
  }
  if (selfCheck && !selfCheck.passed) {
    const remedy =
      'Results would be wrong on this machine: please report it, and use FA_METAL_BACKEND=cpu if that passes.';
    return [{ what: `The self-check deviates from plain JavaScript by more than ${selfCheck.bound}.`, remedy }];
  }
  return [];
}

function hostWarning({ name, native }: HostLibrary): Finding[] {
  if (!native || native.loads) return [];
  const remedy = `Allow the install scripts of ${name} (npm: \`npm approve-scripts\`, pnpm: \`pnpm approve-builds\`) and install again; in a checkout of fa-metal run \`npm run setup\`.`;
  return [{ what: `${name} is installed, but its native part does not load: ${native.says}.`, remedy }];
}

function readVariables(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => name.startsWith('FA_METAL_'));
  return Object.fromEntries(entries) as Record<string, string>;
}

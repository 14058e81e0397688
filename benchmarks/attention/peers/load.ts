import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Problem } from '../../report/schema.js';
import { makeCall } from '../call.js';
import type { PeerProcess } from './process.js';

export interface Load {
  readonly id: string;
  readonly contestant: string;
  readonly problem: Problem;
  readonly parts?: readonly Problem[] | undefined;
}

/** Makes a problem ready in a process; one that cannot make the inputs itself reads them from files. */
export async function loadProblem(peer: PeerProcess, { parts, ...load }: Load): Promise<void> {
  const request = { ask: 'load' as const, ...load, ...(parts && { parts }) };
  if (!peer.readsFiles) {
    await peer.ask(request);
    return;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fa-metal-inputs-'));
  try {
    await peer.ask({ ...request, files: writeInputs(load.problem, folder) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** q, k, v and dOut as they lie in memory, a file each. */
function writeInputs(problem: Problem, folder: string): Record<string, string> {
  const { q, k, v, dOut } = makeCall(problem);
  const files = Object.entries({ q, k, v, dOut }).map(([name, { data }]) => {
    const file = path.join(folder, name);
    writeFileSync(file, data as Uint8Array);
    return [name, file] as const;
  });
  return Object.fromEntries(files);
}

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { install, inTemporaryFolder, runFile } from './support/installed.js';

/** Threads that a session starts, those that the op starts beside them, and the bits of what they computed. */
interface Threads {
  sessions: number;
  ours: number;
  bits: string;
}

const program = fileURLToPath(new URL('programs/threads.cjs', import.meta.url));

test.runIf(process.platform === 'linux')(
  'nodes run on the threads of their session, or on as many as FA_METAL_THREADS says; the bits are the same (Linux counts threads)',
  async () => {
    const [one, three, own] = await inTemporaryFolder(async (folder) => {
      const copy = install(folder, 'a');
      const run = async (intraOpNumThreads: string, FA_METAL_THREADS?: string) =>
        (await runFile(program, [copy, intraOpNumThreads], { FA_METAL_THREADS })).result as Threads;
      return [await run('1'), await run('3'), await run('1', '4')] as const;
    });
    expect(one).toMatchObject({ sessions: 0, ours: 0 });
    expect(three).toMatchObject({ sessions: 2, ours: 0, bits: one.bits });
    expect(own).toMatchObject({ sessions: 0, ours: 3, bits: one.bits });
  },
  60_000,
);

import { expect, test } from 'vitest';
import { install, inTemporaryFolder, runProgram } from './support/installed.js';

interface Measured {
  /** In tensors of 64 MB; rows of statistics and scratch make the fraction. */
  copies: number;
  right: boolean;
}

const copies = (...args: string[]) =>
  inTemporaryFolder(async (folder) => {
    const { copies, right } = (await runProgram('copied-tensors.cjs', install(folder, 'a'), ...args))
      .result as Measured;
    expect(right).toBe(true);
    return copies;
  });

/** Each measurement is a process of its own, which other tests may hold up. */
const patience = { timeout: 240_000 };
const onLinux = test.runIf(process.platform === 'linux');

onLinux(
  'q, k, v and a result handed over are read and written where JavaScript has them (Linux has the peak)',
  patience,
  async () => {
    for (const long of ['queries', 'keys']) expect(Math.abs(await copies(long, 'fetched')), long).toBeLessThan(0.5);
  },
);

onLinux('a tensor that a model makes of q is seen by the measurement (Linux has the peak)', patience, async () => {
  expect(await copies('queries', 'fetched', 'negated')).toBeGreaterThan(0.9);
});

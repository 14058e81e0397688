import { expect, test } from 'vitest';
import { onTfjsNode, withTensorFlow } from './support/hosts.js';
import { install, inTemporaryFolder, runProgram } from './support/installed.js';

interface TwoCopies {
  routes: string[];
  losses: number[][];
  kernels: string[];
  errorsShared: boolean;
}

interface Trained {
  route: string;
  losses: number[];
}

const falls = (losses: number[]) => (losses.at(-1) as number) < (losses[0] as number) / 2;

test.runIf(withTensorFlow)(
  onTfjsNode('two installed copies, with a binary each, register and train in one process'),
  async () => {
    const result = (await inTemporaryFolder((folder) => {
      const [a, b] = [install(folder, 'a'), install(folder, 'b')];
      return runProgram('two-copies.cjs', a.entry, b.entry);
    })) as TwoCopies;
    expect(result.routes).toEqual(['tensorflow-op', 'tensorflow-op']);
    expect(result.kernels).toEqual([
      'FaMetalAttention',
      'FaMetalAttention2',
      'FaMetalAttentionGrad',
      'FaMetalAttentionGrad2',
    ]);
    expect(result.losses.every(falls)).toBe(true);
    expect(result.losses[0]).toEqual(result.losses[1]);
    expect(result.errorsShared).toBe(true);
  },
);

test.runIf(withTensorFlow).each(['together', 'worker-first'])(
  onTfjsNode('worker threads register and train, %s'),
  async (order) => {
    const results = (await inTemporaryFolder((folder) =>
      runProgram('workers.cjs', install(folder, 'a').entry, order),
    )) as Trained[];
    expect(results.length).toBeGreaterThanOrEqual(3);
    for (const { route, losses } of results) {
      expect(route).toBe('tensorflow-op');
      expect(losses).toEqual(results[0]?.losses);
      expect(falls(losses)).toBe(true);
    }
  },
);

import { expect, test } from 'vitest';
import { onTfjsNode, withTensorFlow } from './support/hosts.js';
import { runProgram } from './support/installed.js';

interface Measured {
  /** In tensors of 64 MB; rows of lse and scratch make the fraction. */
  copies: number;
  checksum: number;
}

/** Each measurement is a process of its own, which other tests may hold up. */
const patience = { timeout: 240_000 };
const measured = withTensorFlow && process.platform === 'linux';
const name = (text: string) =>
  onTfjsNode(process.platform === 'linux' ? text : `${text} (skipped: Linux has the peak)`);
const copies = async (...args: string[]) => {
  const { copies, checksum } = (await runProgram('copied-tensors.cjs', ...args)) as Measured;
  expect(Number.isFinite(checksum)).toBe(true);
  return copies;
};

test.runIf(measured).each([
  ['queries', 'forward'],
  ['keys', 'forward'],
  ['queries', 'gradients'],
  ['keys', 'gradients'],
])(name('the op reads tensors where TensorFlow has them: long %s, %s'), patience, async (long, what) => {
  const extra = await copies('tensorflow-op', long, what);
  expect(extra).toBeGreaterThan(-0.1); // the results themselves are seen
  expect(extra).toBeLessThan(0.5);
});

test.runIf(measured)(name('a route that copies is seen to: one copy of q, two of k and v'), patience, async () => {
  expect(await copies('copy', 'queries', 'forward')).toBeGreaterThan(0.9);
  expect(await copies('copy', 'keys', 'forward')).toBeGreaterThan(1.9);
});

import { expect, test } from 'vitest';
import { onTfjsNode, withTensorFlow } from './support/hosts.js';
import { runProgram } from './support/installed.js';

interface Measured {
  route: string;
  extraBytes: number;
  checksum: number;
}

test.runIf(withTensorFlow)(
  onTfjsNode('at context 2048 the fused layer takes under a tenth of the memory of the stock one'),
  async () => {
    // One after the other: both want every core.
    const stock = (await runProgram('peak-memory.cjs', 'stock')) as Measured;
    const fused = (await runProgram('peak-memory.cjs', 'fused')) as Measured;
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    console.log(`peak extra memory: stock ${megabytes(stock.extraBytes)}, fused ${megabytes(fused.extraBytes)}`);
    expect(fused.route).toBe('tensorflow-op');
    expect(Math.abs(fused.checksum / stock.checksum - 1)).toBeLessThan(1e-5);
    expect(stock.extraBytes).toBeGreaterThan(4 * 4 * 2048 * 2048 * 4); // at least the scores: the measurement sees them
    expect(fused.extraBytes).toBeGreaterThan(4 * 4 * 2048 * 64 * 4); // at least the result
    expect(fused.extraBytes / stock.extraBytes).toBeLessThan(0.1);
  },
);

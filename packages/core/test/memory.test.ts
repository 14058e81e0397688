import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { openDeviceSync, type ProblemDescription } from '../src/index.js';

const length = 16384;
const inputBytes = 4 * length * 64 * 4;
const results = inputBytes + 3 * length * 4;

/** In a process of its own: what the calls take over their inputs, results included. */
function measure(): number {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const program = fileURLToPath(new URL('memory/peak.ts', import.meta.url));
  const args = ['--conditions=fa-metal-source', '--import', tsx, program, String(length)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test.runIf(process.platform === 'linux')(
  'cpu: forward and backward at length 16384 take less than twice the inputs, results included (Linux has the peak)',
  () => {
    const extra = measure();
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `cpu, L = ${length}, D = 64: inputs (q, k, v, dOut) ${megabytes(inputBytes)}, peak over them ${megabytes(extra)}, of which results ${megabytes(results)}`,
    );
    // The measurement sees at least the results.
    expect(extra).toBeGreaterThan(results);
    expect(extra).toBeLessThan(2 * inputBytes);
  },
  600_000,
);

test('cpu: the plans say how much of it is scratch', () => {
  const tensor = { shape: [1, 1, length, 64], dtype: 'float32' } as const;
  const problem: ProblemDescription = { q: tensor, k: tensor, v: tensor };
  const device = openDeviceSync({ backend: 'cpu', threads: 16 });
  for (const direction of ['forward', 'backward'] as const) {
    const { scratchBytes } = device.plan({ ...problem, direction });
    expect(scratchBytes).toBeGreaterThan(0);
    expect(scratchBytes).toBeLessThan(inputBytes);
  }
  device.close();
});

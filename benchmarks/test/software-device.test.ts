import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { whyNoSoftwareDevice } from '../../packages/core/test-support/software-device.js';

const reason = await whyNoSoftwareDevice();
const folder = fileURLToPath(new URL('..', import.meta.url));

test.skipIf(reason)(
  `the demo trains through the Metal backend, with the cpu backend's loss${reason && ` (${reason})`}`,
  { timeout: 300_000 },
  () => {
    const results = mkdtempSync(join(tmpdir(), 'fa-metal-demo-'));
    const flags = ['--device', 'software', '--steps', '3', '--attention', 'fused', '--no-open'];
    const node = ['--conditions=fa-metal-source', '--import', 'tsx', 'demo/main.ts'];
    try {
      const run = [...node, ...flags, '--output', join(results, 'demo.html')];
      const { status, stdout, stderr } = spawnSync(process.execPath, run, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, SOFTMETAL_VALIDATE: '1' },
      });
      expect(status, stderr).toBe(0);
      expect(stdout).toMatch(/on Apple \w+, in software/);
      expect(stdout).toMatch(/software device differ by at most \S+ \(relative\): they agree\./);
      // From the same weights, the first loss differs by the rounding of one forward pass.
      const [, cpu, metal] = /^\D*0\s*\D\s*([\d.]+)\s*\D\s*([\d.]+)/m.exec(stdout.slice(stdout.indexOf('Loss'))) ?? [];
      expect(Number(cpu)).toBeGreaterThan(1);
      expect(Math.abs(Number(metal) - Number(cpu))).toBeLessThanOrEqual(1e-4);
    } finally {
      rmSync(results, { recursive: true });
    }
  },
);

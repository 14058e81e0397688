import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoctorReport, examine } from '../src/doctor/examine.js';
import { plainAttention } from '../src/doctor/plain-attention.js';
import { type ProbeReport, probeNative } from '../src/doctor/probe.js';
import { runProbeProcess } from '../src/doctor/run-probe.js';
import { selfCheck } from '../src/doctor/self-check.js';
import { openDeviceSync } from '../src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

beforeAll(() => {
  if (!existsSync(join(root, 'dist/cli.js'))) throw new Error('These tests run the built package: build it first.');
  folder = mkdtempSync(join(tmpdir(), 'fa-metal-doctor-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

interface Setting {
  environment?: NodeJS.ProcessEnv;
  packageRoot?: string;
  cwd?: string;
}

function doctor(arguments_: readonly string[], { environment, packageRoot = root, cwd = folder }: Setting = {}): Run {
  const program = join(packageRoot, 'bin/fa-metal.js');
  // The runner's own NODE_PATH would have packages of the checkout found.
  const env = { ...process.env, FA_METAL_BACKEND: '', NODE_PATH: '', ...environment };
  return spawnSync(process.execPath, [program, ...arguments_], { encoding: 'utf8', cwd, env });
}

function doctorJson(setting: Setting = {}): { status: number | null; report: DoctorReport } {
  const { status, stdout, stderr } = doctor(['doctor', '--json'], setting);
  expect(stderr).toBe('');
  return { status, report: JSON.parse(stdout) as DoctorReport };
}

describe('fa-metal doctor on a healthy machine', () => {
  it('exits with 0 and says what it found', () => {
    const { status, report } = doctorJson();
    expect(report.problems).toEqual([]);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      healthy: true,
      platform: { os: process.platform, arch: process.arch, node: process.versions.node },
      attempts: [{ source: 'prebuilt', outcome: 'loaded', path: report.path }],
      device: { backend: 'cpu' },
      selfCheck: { passed: true },
    });
    expect(report.instructionSets).toContain('scalar');
    expect(report.hosts.map(({ name, found }) => [name, found])).toEqual([
      ['@tensorflow/tfjs-node', false],
      ['@tensorflow/tfjs', false],
      ['onnxruntime-node', false],
    ]);
  });

  it('prints it for people', () => {
    const { status, stdout } = doctor(['doctor']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^platform +\S+/m);
    expect(stdout).toMatch(/^self-check +passed/m);
    expect(stdout).toMatch(/Everything works\.\n$/);
  });

  it('obeys the environment, and shows it', () => {
    const { report } = doctorJson({ environment: { FA_METAL_THREADS: '1', FA_METAL_BACKEND: 'cpu' } });
    expect(report.device?.threads).toBe(1);
    expect(report.environment).toMatchObject({ FA_METAL_THREADS: '1', FA_METAL_BACKEND: 'cpu' });
  });
});

describe('fa-metal doctor about hosts', () => {
  it('finds hosts, and warns of one whose native part does not load', () => {
    const project = join(folder, 'project');
    for (const [name, version] of [
      ['@tensorflow/tfjs-node', '4.22.0'],
      ['@tensorflow/tfjs', '4.21.0'],
    ] as const) {
      mkdirSync(join(project, 'node_modules', name), { recursive: true });
      writeFileSync(
        join(project, 'node_modules', name, 'package.json'),
        JSON.stringify({ name, version, exports: {} }),
      );
    }
    const { status, report } = doctorJson({ cwd: project });
    expect(status).toBe(0);
    const { hosts, warnings } = report;
    expect(hosts).toMatchObject([
      { name: '@tensorflow/tfjs-node', found: true, version: '4.22.0', native: { loads: false } },
      { name: '@tensorflow/tfjs', found: true, version: '4.21.0' },
      { name: 'onnxruntime-node', found: false },
    ]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.what).toContain('@tensorflow/tfjs-node is installed, but its native part does not load');
    expect(warnings[0]?.remedy).toContain('install scripts');
  });
});

describe('fa-metal doctor where something is broken', () => {
  it('exits with 1 when FA_METAL_LIBRARY names no file', () => {
    const { status, report } = doctorJson({ environment: { FA_METAL_LIBRARY: '/nowhere/addon.node' } });
    expect(status).toBe(1);
    expect(report).toMatchObject({ healthy: false, attempts: [{ source: 'FA_METAL_LIBRARY', outcome: 'not found' }] });
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]?.remedy).toContain('FA_METAL_LIBRARY names a file that is not there');
  });

  it('exits with 1 when the binary has gone from the package, and says how to get it back', () => {
    const packageRoot = packageWithout('prebuilds');
    const { status, report } = doctorJson({ packageRoot });
    expect(status).toBe(1);
    expect(report.attempts.map(({ outcome }) => outcome)).toEqual(['not found', 'not found']);
    expect(report.problems[0]?.what).toContain('No native library');
    expect(report.problems[0]?.remedy).toContain('npm run setup');
    const { status: printed, stdout } = doctor(['doctor'], { packageRoot });
    expect(printed).toBe(1);
    expect(stdout).toMatch(/^Problem: No native library[\s\S]*What to do: in a checkout run `npm run setup`/m);
    expect(stdout).toMatch(/Something is broken; see above\.\n$/);
  });

  it('exits with 1 in a checkout that is not built', () => {
    const { status, stderr } = doctor(['doctor'], { packageRoot: packageWithout('dist') });
    expect(status).toBe(1);
    expect(stderr).toBe('@fa-metal/core is not built in this checkout: run `npm run setup`.\n');
  });

  it('exits with 1 when the binary is damaged', () => {
    const library = join(folder, 'damaged.node');
    writeFileSync(library, 'nothing');
    const { status, report } = doctorJson({ environment: { FA_METAL_LIBRARY: library } });
    expect(status).toBe(1);
    expect(report.attempts[0]?.outcome).toBe('failed');
    expect(report.problems[0]?.remedy).toContain('damaged');
  });

  it('exits with 1 for a variable that is wrong', () => {
    const { status, report } = doctorJson({ environment: { FA_METAL_THREADS: 'many' } });
    expect(status).toBe(1);
    expect(report.problems[0]?.what).toContain(
      "FA_METAL_THREADS: expected a whole number from 0 (one per core) to 256, got 'many'",
    );
  });

  it('exits with 1 for an unknown command', () => {
    expect(doctor(['surgeon']).status).toBe(1);
  });
});

describe('examine', () => {
  it('reports a self-check that deviates', async () => {
    const probe = await probeNative();
    const wrong = {
      ...probe,
      selfCheck: { ...(probe.selfCheck as object), passed: false } as ProbeReport['selfCheck'],
    };
    const { healthy: verdict, problems } = await examine(folder, async () => wrong as ProbeReport);
    expect(verdict).toBe(false);
    expect(problems[0]?.what).toContain('deviates');
  });

  it('survives a binary that ends its process', async () => {
    const crash = () => runProbeProcess(['-e', 'process.stderr.write("gone"); process.kill(process.pid, "SIGSEGV")']);
    const { healthy: verdict, problems } = await examine(folder, crash);
    expect(verdict).toBe(false);
    expect(problems[0]?.what).toBe('The native binary ended its process with SIGSEGV. gone');
  });
});

describe('the self-check', () => {
  it('passes on every instruction set', async () => {
    for (const isa of (await probeNative()).instructionSets ?? []) {
      const device = openDeviceSync({ backend: 'cpu', isa });
      expect(await selfCheck(device)).toMatchObject({ passed: true });
      device.close();
    }
  });

  it.each([
    ['a wrong number', (data: Float32Array) => (data[3] = (data[3] as number) + 1e-3)],
    ['a NaN', (data: Float32Array) => (data[0] = Number.NaN)],
  ])('fails for %s', async (_, spoil) => {
    const device = openDeviceSync({ backend: 'cpu' });
    const spoilt = {
      attention: device.attention.bind(device),
      attentionBackward: async (...call: Parameters<typeof device.attentionBackward>) => {
        const gradients = await device.attentionBackward(...call);
        spoil(gradients.dk.data as Float32Array);
        return gradients;
      },
    };
    expect(await selfCheck(spoilt as typeof device)).toMatchObject({ passed: false });
  });

  it('compares with gradients that agree with finite differences', () => {
    const list = (length: number, seed: number) => Array.from({ length }, (_, index) => Math.sin(index * seed + seed));
    const problem = { rows: 2, keys: 3, width: 2, q: list(4, 1), k: list(6, 2), v: list(6, 3), dOut: list(4, 4) };
    const loss = (changed: Partial<typeof problem>) =>
      plainAttention({ ...problem, ...changed }).out.reduce(
        (sum, value, index) => sum + value * (problem.dOut[index] as number),
        0,
      );
    const gradients = plainAttention(problem);
    for (const name of ['q', 'k', 'v'] as const) {
      problem[name].forEach((value, index) => {
        const at = (shift: number) => loss({ [name]: problem[name].with(index, value + shift) });
        expect(gradients[`d${name}`][index]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 8);
      });
    }
  });
});

/** A copy of this package that lacks one of its folders. */
function packageWithout(missing: string): string {
  const copy = join(folder, `without-${missing}`);
  for (const part of ['bin', 'dist', 'prebuilds', 'package.json'].filter((name) => name !== missing)) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

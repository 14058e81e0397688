import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openDeviceSync, type Plan } from '../src/index.js';
import { whyNoSoftwareDevice } from '../test-support/software-device.js';

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const reason = await whyNoSoftwareDevice();

function plan(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const node = ['--conditions=fa-metal-source', '--import', 'tsx', cli, 'plan', ...words];
  const env = { ...process.env, FA_METAL_BACKEND: '', FA_METAL_DEVICE: '' };
  return spawnSync(process.execPath, node, { encoding: 'utf8', env });
}

describe('fa-metal plan', () => {
  const shape = { shape: [1, 4, 96, 64], dtype: 'float16' } as const;
  const keys = { shape: [1, 2, 200, 64], dtype: 'float16' } as const;

  it('is the plan of the library', () => {
    const { status, stdout } = plan(
      ...['1,4,96,64', '1,2,200,64', '--backend', 'cpu', '--dtype', 'float16', '--backward', '--json'],
      ...['--causal', 'bottomRight', '--window', '64,0', '--options', '{"softcap": 5}'],
    );
    expect(status).toBe(0);
    const options = { causal: 'bottomRight', window: { left: 64, right: 0 }, softcap: 5 } as const;
    const device = openDeviceSync({ backend: 'cpu' });
    expect(JSON.parse(stdout)).toEqual(device.plan({ q: shape, k: keys, v: keys, options, direction: 'backward' }));
  });

  it.skipIf(reason)(`needs no Mac to say what kernels for one would cost${reason && ` (${reason})`}`, () => {
    const words = ['1,8,1024,64', '--backend', 'metal', '--device', 'software', '--dtype', 'float16'];
    const { stdout } = plan(...words);
    expect(stdout).toMatch(/^kernel +metal-forward \(metal\)$/m);
    expect(stdout).toMatch(/^forward_f16_64 +\d+ x 64 /m);
    expect(stdout).toContain('not measured on Apple hardware');
    const { cost } = JSON.parse(plan(...words, '--json').stdout) as Plan;
    // S and P V: two products of 1024 x 1024 x 64 in each of 8 heads.
    expect(cost?.kernels[0]?.products).toBe((2 * 8 * 1024 * 1024 * 64) / 512);
  });

  it.each([
    ['a shape that is none', ['1,8,x,64'], /expected sizes such as 1,8,1024,64, got '1,8,x,64'/],
    ['a call that is refused', ['1,8,16,64', '1,3,16,64', '--backend', 'cpu'], /\[attention\] \w+: expected/],
    ['options that are no JSON', ['1,8,16,64', '--options', '{'], /expected JSON/],
    ['a name that does not exist', ['1,8,16,64', '--dtype', 'float8'], /float8/],
  ])('ends with 1 for %s', (_, words, message) => {
    const { status, stderr } = plan(...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});

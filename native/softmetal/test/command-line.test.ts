import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../bin/softmetal.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'softmetal-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string | Uint8Array) => {
  writeFileSync(join(folder, name), text);
  return name;
};
const softmetal = (...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

const header = '#include <metal_stdlib>\nusing namespace metal;\n';
const scale = `${header}#include "factor.h"
constant bool twice [[function_constant(200)]];
kernel void scale(device const float *in [[buffer(0)]], device float *out [[buffer(1)]],
                  constant float &offset [[buffer(2)]], uint i [[thread_position_in_grid]]) {
  out[i] = in[i] * FACTOR * (twice ? 2.0f : 1.0f) + offset + EXTRA;
}
`;

test('a kernel with everything: include, macro, constant, bytes, files in and out', () => {
  file('scale.metal', scale);
  file('factor.h', '#define FACTOR 3.0f\n');
  file('in.bin', new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  file('out.bin', new Uint8Array(16));
  const { status, stdout, stderr } = softmetal(
    ...['run', 'scale.metal', '--function', 'scale', '--grid', '2', '--threads', '2,1,1', '-I', '.'],
    ...['--buffer', '0=in.bin', '--buffer', '1=out.bin:rw', '--bytes', '2=float:0.5', '--define', 'EXTRA=100'],
    ...['--constant', '200=bool:true', '--profile', 'apple9', '--seed', '7', '--validate', '--print', '1=float:2'],
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('buffer 1: 106.5 112.5\n');
  expect(stdout).toContain('completed');
  expect([...new Float32Array(new Uint8Array(readFileSync(join(folder, 'out.bin'))).buffer)]).toEqual([
    106.5, 112.5, 118.5, 124.5,
  ]);
});

test('--json holds the values, the reports and the counts', () => {
  file(
    'add.metal',
    `${header}kernel void add(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] += 1.0f; }\n`,
  );
  const words = [
    'run',
    'add.metal',
    '-f',
    'add',
    '--total',
    '8',
    '-t',
    '4',
    '-b',
    '0=float:0,1,2,3,4,5,6,7',
    '-p',
    '0=float',
  ];
  const { status, stdout } = softmetal(...words, '--stats', '--json');
  const result = JSON.parse(stdout);
  expect(status).toBe(0);
  expect(result).toMatchObject({ stage: 'done', error: null, reports: [] });
  expect(result.values[0]).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  expect(result.counts[0]).toMatchObject({
    kernel: 'add',
    counts: { threads: 8, device_bytes_read: 32, device_bytes_written: 32 },
  });
});

test('a shader that does not compile is told with file and line, and ends with 1', () => {
  file('wrong.metal', `${header}kernel void f(device float *x [[buffer(0)]]) {\n  x[0] = unknown;\n}\n`);
  const { status, stderr } = softmetal('run', 'wrong.metal', '-f', 'f', '-g', '1', '-b', '0=zeros:4');
  expect(status).toBe(1);
  expect(stderr).toMatch(/wrong\.metal:4:\d+: error: .*unknown/);
});

test('a function that is not there, a wrong option, a missing file', () => {
  file('empty.metal', header);
  expect(softmetal('run', 'empty.metal', '-f', 'f', '-g', '1')).toMatchObject({ status: 1 });
  expect(softmetal('run', 'empty.metal', '-f', 'f', '-g', '0').stderr).toContain('from 1');
  expect(softmetal('run', 'empty.metal', '-f', 'f').stderr).toContain('--grid or --total');
  expect(softmetal('run', 'none.metal', '-f', 'f', '-g', '1').stderr).toContain('none.metal');
});

test('check: silent and 0 for legal shaders, file and line and 1 for others', () => {
  file('legal.metal', `${header}kernel void f(device float *x [[buffer(0)]]) { x[0] = 1.0f; }\n`);
  file(
    'illegal.metal',
    `${header}kernel void f(device float *x [[buffer(0)]]) {\n  threadgroup float *y = x;\n  y[0] = 1.0f;\n}\n`,
  );
  expect(softmetal('check', 'legal.metal')).toEqual({ status: 0, stdout: '', stderr: '' });
  const { status, stdout } = softmetal('check', 'legal.metal', 'illegal.metal');
  expect(status).toBe(1);
  expect(stdout).toMatch(/illegal\.metal:4:\d+: error: /);
});

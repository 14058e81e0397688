import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { file, folder, header, softmetal } from './command-line.js';

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

test('every option at once', () => {
  mkdirSync(join(folder, 'dir'));
  file('dir/factor.h', '#define FACTOR 3.0f\n');
  file(
    'kernel.metal',
    `#include "factor.h"
${header}struct Parameters { float scale; uint count; };
constant bool twice [[function_constant(200)]];
kernel void f(device const float *in [[buffer(0)]], device float *out [[buffer(1)]],
              constant Parameters &parameters [[buffer(2)]], threadgroup float *tile [[threadgroup(0)]],
              uint3 group [[threadgroup_position_in_grid]], uint3 groups [[threadgroups_per_grid]],
              uint i [[thread_index_in_threadgroup]]) {
  const uint at = (group.y * groups.x + group.x) * 128;
  tile[i] = in[at + i] * FACTOR;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (at + i < parameters.count) out[at + i] = tile[127 - i] * (twice ? 2.0f : 1.0f) * parameters.scale + A;
}
`,
  );
  const input = Float32Array.from({ length: 1024 }, (_, index) => index);
  file('in.bin', new Uint8Array(input.buffer));
  file('out.bin', new Uint8Array(4096));
  file('params.bin', new Uint8Array([...new Uint8Array(Float32Array.of(0.5).buffer), 0, 4, 0, 0]));
  const words =
    'run kernel.metal --function f --grid 4,2,1 --threads 32,4,1 --buffer 0=in.bin --buffer 1=out.bin:rw ' +
    '--bytes 2=params.bin --constant 200=bool:true --tgmem 0=4096 -I dir --define A=1 --validate --seed 7 ' +
    '--profile apple9 --stats --json';
  const { status, stdout, stderr } = softmetal(...words.split(' '));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ stage: 'done', reports: [], counts: [{ counts: { threads: 1024 } }] });
  const output = new Float32Array(Uint8Array.from(readFileSync(join(folder, 'out.bin'))).buffer);
  const mirrored = input.map((_, index) => (input[index - (index % 128) + 127 - (index % 128)] as number) * 3 + 1);
  expect(output).toEqual(mirrored);
  expect(softmetal('check', 'kernel.metal', '-I', 'dir', '-D', 'A=1')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('help and version end with 0', () => {
  expect(softmetal('--help')).toMatchObject({ status: 0, stderr: '' });
  expect(softmetal('run', '--help').stdout).toContain('Exit status: 0');
  expect(softmetal('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a function that is not there ends with 1', () => {
  file('empty.metal', header);
  const { status, stderr } = softmetal('run', 'empty.metal', '-f', 'f', '-g', '1');
  expect(stderr).toContain('function: Function f was not found in the library');
  expect(status).toBe(1);
});

test('a finding is printed once, with what the command buffer said behind it', () => {
  file('past.metal', `${header}kernel void f(device int *x [[buffer(0)]]) {\n  x[1] = 1;\n}\n`);
  const { status, stderr } = softmetal(
    'run',
    'past.metal',
    '-f',
    'f',
    '-g',
    '1',
    '-t',
    '1',
    '-b',
    '0=int:0',
    '--validate',
  );
  expect(stderr.match(/\[out-of-bounds\]/g)).toHaveLength(1);
  expect(stderr).toMatch(/^past\.metal:4:8: error: out-of-bounds write of 4 bytes: buffer\(0\) 'x' has 4 bytes/);
  expect(stderr).toMatch(/^run: /m);
  expect(status).toBe(1);
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

test('translate: the C++ of one kernel with its constants; a wrong name or shader ends with 2', () => {
  file(
    'scaled.metal',
    `${header}constant bool twice [[function_constant(200)]];
template <typename T> kernel void scaled(device T *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  x[i] *= twice ? T(2) : T(1);
}
template [[host_name("scaled_f16")]] kernel decltype(scaled<half>) scaled<half>;
`,
  );
  const { status, stdout } = softmetal('translate', 'scaled.metal', '-f', 'scaled_f16', '-c', '200=bool:true');
  expect(status).toBe(0);
  expect(stdout).toContain('sm_constant_twice = bool(true);');
  expect(stdout).toContain('&::scaled<half>');
  expect(stdout).not.toContain('device T');
  const missing = softmetal('translate', 'scaled.metal', '-f', 'other');
  expect(missing).toMatchObject({ status: 2, stdout: '' });
  expect(missing.stderr).toContain("there is no kernel 'other'");
  file('broken.metal', `${header}kernel void f(device float *x [[buffer(0)]]) { x[0] = unknown; }\n`);
  expect(softmetal('translate', 'broken.metal', '-f', 'f').stderr).toMatch(/broken\.metal:3:\d+: error: .*unknown/);
});

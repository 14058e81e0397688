import { readdirSync } from 'node:fs';
import { Float16Array } from '@petamoriken/float16';
import { describe, expect, test } from 'vitest';
import { check } from '../cli/check.js';
import { type RunOptions, run } from '../cli/run.js';
import { encode, metalType } from '../cli/values.js';
import type { Example, Step, Values } from '../examples/example.js';
import { emulated, schedules } from './toolchain.js';

const folder = new URL('../examples/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const kernelOf = (name: string) => new URL(`${name}/kernel.metal`, folder).pathname;

const bytesOf = (values: Values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const entries = <Value>(record: Record<number, Value> = {}) =>
  Object.entries(record).map(([index, value]) => [Number(index), value] as const);

function runOptions(step: Step, buffers: Map<string, Uint8Array>, settings: Record<string, string>): RunOptions {
  return {
    function: step.function,
    ...(step.grid ? { grid: step.grid } : {}),
    ...(step.total ? { total: step.total } : {}),
    threads: step.threads,
    buffer: entries(step.buffers).map(([index, name]) => ({ index, data: buffers.get(name) as Uint8Array })),
    bytes: entries(step.bytes).map(([index, values]) => ({ index, data: bytesOf(values) })),
    constant: entries(step.constants).map(([index, text]) => {
      const [type, value] = text.split(':') as [string, string];
      return { key: String(index), metalType: metalType(type), data: encode(type, value) };
    }),
    tgmem: entries(step.threadgroupMemory).map(([index, length]) => ({ index, length })),
    print: [],
    include: [],
    define: [],
    repeat: 1,
    seeds: settings.validate === '1' ? schedules : 0,
    settings,
  };
}

function outputs(name: string, example: Example, settings: Record<string, string>): Map<string, Uint8Array> {
  const buffers = new Map(Object.entries(example.buffers).map(([key, values]) => [key, bytesOf(values)]));
  for (const step of example.steps) {
    const result = run(kernelOf(name), runOptions(step, buffers, settings));
    expect(result.reports.map(({ text }) => text)).toEqual([]);
    expect(result.error).toBeNull();
    for (const [index, key] of entries(step.buffers)) buffers.set(key, result.outputs.get(index) as Uint8Array);
  }
  return buffers;
}

/** Bytes as the numbers that the example's buffer of that name holds; 16-bit words are half precision. */
function numbers(data: Uint8Array, like: Values): number[] {
  const copy = Uint8Array.from(data).buffer;
  if (like instanceof Uint16Array) return Array.from(new Float16Array(copy));
  const array = like.constructor as new (buffer: ArrayBuffer) => Exclude<Values, Uint16Array>;
  return Array.from(new array(copy));
}

describe.each(names)(`${emulated}%s`, async (name) => {
  const { default: example } = (await import(new URL(`${name}/example.ts`, folder).href)) as { default: Example };

  test.each([
    ['as fast as it goes', {}],
    [`validated, under ${schedules} schedules`, { validate: '1', schedule: 'random' }],
    ['counted', { stats: '1' }],
  ])('%s', (_, settings) => {
    const found = outputs(name, example, settings as Record<string, string>);
    for (const [key, { values, tolerance }] of Object.entries(example.expected)) {
      const got = numbers(found.get(key) as Uint8Array, example.buffers[key] as Values);
      expect(got.length).toBe(values.length);
      const wrong = got.findIndex((value, index) => !(Math.abs(value - (values[index] as number)) <= tolerance));
      expect(wrong, `${key}[${wrong}]: expected ${values[wrong]}, got ${got[wrong]}`).toBe(-1);
    }
  });

  test('is legal MSL', () => {
    expect(check([kernelOf(name)], { include: [], define: [] })).toBe('');
  });
});

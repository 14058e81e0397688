import { Float16Array } from '@petamoriken/float16';
import { type Example, noise } from '../example.js';

const [rows, columns] = [5, 70];
const input = noise(rows * columns, 11).map((value) => value * 4);
const halves = Float16Array.from(input);

function softmax(values: ArrayLike<number>, scale: number): number[] {
  return Array.from({ length: rows * columns }, (_, index) => {
    const first = Math.floor(index / columns) * columns;
    const row = Array.from({ length: columns }, (__, column) => Math.exp(scale * Number(values[first + column])));
    return Number(row[index - first]) / row.reduce((sum, value) => sum + value, 0);
  });
}

const step = (type: string, constants: Record<number, string>) => ({
  function: `softmax_${type}`,
  grid: [rows, 1, 1] as [number, number, number],
  threads: [32, 1, 1] as [number, number, number],
  buffers: { 0: `${type}Input`, 1: `${type}Output` },
  bytes: { 2: Uint32Array.of(columns) },
  constants,
});

export default {
  shows: 'templates over float, half and bfloat, is_function_constant_defined, fast::exp2',
  buffers: {
    floatInput: input,
    floatOutput: new Float32Array(rows * columns),
    halfInput: new Uint16Array(halves.buffer),
    halfOutput: new Uint16Array(rows * columns),
  },
  steps: [step('float', {}), step('half', { 0: 'float:0.5' })],
  expected: {
    floatOutput: { values: softmax(input, 1), tolerance: 1e-6 },
    halfOutput: { values: softmax(halves, 0.5), tolerance: 5e-4 },
  },
} satisfies Example;

import { type Example, noise } from '../example.js';

const [rows, columns] = [75, 50];
const input = noise(rows * columns, 5);
const transposed = Array.from(input, (_, index) => Number(input[(index % rows) * columns + Math.floor(index / rows)]));

export default {
  shows: 'vector comparisons and swizzles, a padded threadgroup array, ushort2 positions',
  buffers: { input, output: new Float32Array(rows * columns) },
  steps: [
    {
      function: 'transpose',
      grid: [Math.ceil(columns / 32), Math.ceil(rows / 32), 1],
      threads: [32, 8, 1],
      buffers: { 0: 'input', 1: 'output' },
      bytes: { 2: Uint32Array.of(columns, rows) },
    },
  ],
  expected: { output: { values: transposed, tolerance: 0 } },
} satisfies Example;

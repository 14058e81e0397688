import { Float16Array } from '@petamoriken/float16';
import { type Example, noise } from '../example.js';

const [rows, columns, inner] = [72, 56, 40];
const a = noise(rows * inner, 2);
const b = noise(inner * columns, 3);
const halves = (values: Float32Array) => Float16Array.from(values);
const bits = (values: Float32Array) => new Uint16Array(halves(values).buffer);

function product(left: ArrayLike<number>, right: ArrayLike<number>): number[] {
  return Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let x = 0; x < inner; x++) sum += Number(left[row * inner + x]) * Number(right[x * columns + column]);
    return sum;
  });
}

const step = (name: string, left: string, right: string, result: string) => ({
  function: name,
  grid: [Math.ceil(columns / 32), Math.ceil(rows / 32), 1] as [number, number, number],
  threads: [128, 1, 1] as [number, number, number],
  buffers: { 0: left, 1: right, 2: result },
  bytes: { 3: Uint32Array.of(rows, columns, inner) },
});

export default {
  shows: 'simdgroup_matrix, [[host_name]] templates, two-dimensional threadgroup arrays, a struct by setBytes:',
  buffers: {
    a,
    b,
    c: new Float32Array(rows * columns),
    aHalf: bits(a),
    bHalf: bits(b),
    cHalf: new Float32Array(rows * columns),
  },
  steps: [step('product_float', 'a', 'b', 'c'), step('product_half', 'aHalf', 'bHalf', 'cHalf')],
  expected: {
    c: { values: product(a, b), tolerance: 1e-5 },
    cHalf: { values: product(halves(a), halves(b)), tolerance: 1e-5 },
  },
} satisfies Example;

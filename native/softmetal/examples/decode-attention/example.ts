import { Float16Array } from '@petamoriken/float16';
import { type Example, noise } from '../example.js';

const [heads, keys, capacity, splits, headDim] = [3, 150, 160, 4, 64];
const query = noise(heads * headDim, 13);
const key = Float16Array.from(noise(heads * capacity * headDim, 17));
const value = Float16Array.from(noise(heads * capacity * headDim, 19));
// What lies past the last key must not be read.
for (const cache of [key, value]) {
  for (let head = 0; head < heads; head++) {
    cache.fill(Number.NaN, (head * capacity + keys) * headDim, (head + 1) * capacity * headDim);
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const at = (cache: Float16Array, head: number, row: number, x: number) =>
  Number(cache[(head * capacity + row) * headDim + x]);

function attention(head: number): number[] {
  const scores = range(keys).map((row) =>
    range(headDim).reduce((sum, x) => sum + Number(query[head * headDim + x]) * at(key, head, row, x), 0),
  );
  const weights = scores.map((score) => Math.exp(score / Math.sqrt(headDim)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return range(headDim).map((x) => weights.reduce((total, w, row) => total + (w / sum) * at(value, head, row, x), 0));
}

function shape(): Uint32Array {
  const words = Uint32Array.of(keys, capacity, splits, 0);
  new Float32Array(words.buffer)[3] = Math.LOG2E / Math.sqrt(headDim);
  return words;
}

export default {
  shows: 'online softmax, split work and a merge, casts between pointer types, a cache with room to spare',
  buffers: {
    query,
    key: new Uint16Array(key.buffer),
    value: new Uint16Array(value.buffer),
    partial: new Float32Array(heads * splits * headDim),
    maximumAndSum: new Float32Array(heads * splits * 2),
    output: new Float32Array(heads * headDim),
  },
  steps: [
    {
      function: 'decode',
      grid: [splits, heads, 1],
      threads: [32, 1, 1],
      buffers: { 0: 'query', 1: 'key', 2: 'value', 3: 'partial', 4: 'maximumAndSum' },
      bytes: { 5: shape() },
    },
    {
      function: 'merge',
      grid: [heads, 1, 1],
      threads: [headDim, 1, 1],
      buffers: { 0: 'partial', 1: 'maximumAndSum', 2: 'output' },
      bytes: { 3: shape() },
    },
  ],
  expected: { output: { values: range(heads).flatMap(attention), tolerance: 1e-4 } },
} satisfies Example;

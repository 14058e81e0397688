import { type Example, noise } from '../example.js';

const [heads, length, headDim] = [4, 256, 64];
const [query, key, value] = [
  noise(heads * length * headDim, 23),
  noise(heads * length * headDim, 29),
  noise(heads * length * headDim, 31),
];

function shape(): Uint32Array {
  const words = Uint32Array.of(length, 0);
  new Float32Array(words.buffer)[1] = Math.LOG2E / Math.sqrt(headDim);
  return words;
}

function attention(): Float64Array {
  const output = new Float64Array(heads * length * headDim);
  const weights = new Float64Array(length);
  for (let row = 0; row < heads * length; row++) {
    const head = Math.floor(row / length) * length;
    let sum = 0;
    for (let j = 0; j < length; j++) {
      let score = 0;
      for (let x = 0; x < headDim; x++)
        score += Number(query[row * headDim + x]) * Number(key[(head + j) * headDim + x]);
      weights[j] = Math.exp(score / Math.sqrt(headDim));
      sum += Number(weights[j]);
    }
    for (let j = 0; j < length; j++) {
      for (let x = 0; x < headDim; x++) {
        const at = row * headDim + x;
        output[at] = Number(output[at]) + (Number(weights[j]) / sum) * Number(value[(head + j) * headDim + x]);
      }
    }
  }
  return output;
}

export default {
  shows: 'simdgroup_matrix in registers, thread_elements() by the lane map, arrays of threadgroup memory by reference',
  buffers: { query, key, value, output: new Float32Array(heads * length * headDim) },
  steps: [
    {
      function: 'attention',
      grid: [length / 32, heads, 1],
      threads: [128, 1, 1],
      buffers: { 0: 'query', 1: 'key', 2: 'value', 3: 'output' },
      bytes: { 4: shape() },
    },
  ],
  expected: { output: { values: attention(), tolerance: 2e-6 } },
} satisfies Example;

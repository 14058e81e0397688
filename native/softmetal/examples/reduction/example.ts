import { type Example, noise } from '../example.js';

const count = 10_000;
const threads = 256;
const groups = 5;
const input = noise(count, 1);

const total = (values: Iterable<number>) => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** The numbers that one threadgroup adds up. */
const shareOf = (group: number) => input.filter((_, index) => Math.floor(index / threads) % groups === group);

export default {
  shows: 'simd_sum, dynamic threadgroup memory, a grid-stride loop',
  buffers: { input, partial: new Float32Array(groups), sum: new Float32Array(1) },
  steps: [
    {
      function: 'sum',
      grid: [groups, 1, 1],
      threads: [threads, 1, 1],
      buffers: { 0: 'input', 1: 'partial' },
      bytes: { 2: Uint32Array.of(count) },
      threadgroupMemory: { 0: 128 },
    },
    {
      function: 'sum',
      grid: [1, 1, 1],
      threads: [64, 1, 1],
      buffers: { 0: 'partial', 1: 'sum' },
      bytes: { 2: Uint32Array.of(groups) },
      threadgroupMemory: { 0: 128 },
    },
  ],
  expected: {
    partial: { values: Array.from({ length: groups }, (_, group) => total(shareOf(group))), tolerance: 1e-4 },
    sum: { values: [total(input)], tolerance: 1e-4 },
  },
} satisfies Example;

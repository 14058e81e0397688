import type { Example } from '../example.js';

const count = 1_000;
const block = 128;
const blocks = Math.ceil(count / block);
const input = Uint32Array.from({ length: count }, (_, index) => (index * 7919) % 101);

let running = 0;
const sums = Array.from(input, (value) => {
  running += value;
  return running;
});

export default {
  shows: 'simd_prefix_inclusive_sum, function constants, an argument that a constant switches off',
  buffers: {
    input,
    output: new Uint32Array(count),
    totals: new Uint32Array(blocks),
    scannedTotals: new Uint32Array(blocks),
  },
  steps: [
    {
      function: 'scan',
      grid: [blocks, 1, 1],
      threads: [block, 1, 1],
      buffers: { 0: 'input', 1: 'output', 3: 'totals' },
      bytes: { 2: Uint32Array.of(count) },
      constants: { 0: `uint:${block}`, 1: 'bool:true' },
    },
    {
      function: 'scan',
      grid: [1, 1, 1],
      threads: [block, 1, 1],
      buffers: { 0: 'totals', 1: 'scannedTotals' },
      bytes: { 2: Uint32Array.of(blocks) },
      constants: { 0: `uint:${block}`, 1: 'bool:false' },
    },
    {
      function: 'add_totals',
      grid: [blocks, 1, 1],
      threads: [block, 1, 1],
      buffers: { 0: 'output', 1: 'scannedTotals' },
      bytes: { 2: Uint32Array.of(count) },
    },
  ],
  expected: { output: { values: sums, tolerance: 0 } },
} satisfies Example;

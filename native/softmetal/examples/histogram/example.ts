import type { Example } from '../example.js';

const pixels = Uint8Array.from({ length: 4 * 1500 }, (_, index) => (index * index * 31 + index) % 256);
const bins = new Array<number>(256).fill(0);
for (const pixel of pixels) bins[pixel] = (bins[pixel] ?? 0) + 1;

export default {
  shows: 'atomics in threadgroup and device memory, uchar4, a grid of threads that does not fill its last threadgroup',
  buffers: { pixels, bins: new Uint32Array(256) },
  steps: [
    {
      function: 'histogram',
      total: [pixels.length / 4, 1, 1],
      threads: [128, 1, 1],
      buffers: { 0: 'pixels', 1: 'bins' },
      bytes: { 2: Uint32Array.of(pixels.length / 4) },
    },
  ],
  expected: { bins: { values: bins, tolerance: 0 } },
} satisfies Example;

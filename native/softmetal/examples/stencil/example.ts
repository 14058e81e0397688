import { Float16Array } from '@petamoriken/float16';
import { type Example, noise } from '../example.js';

const [width, height] = [37, 21];
const input = Float16Array.from(noise(width * height * 4, 7));
const inside = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
const at = (x: number, y: number, channel: number) =>
  Number(input[(inside(y, height) * width + inside(x, width)) * 4 + channel]);

const averages = Array.from({ length: width * height * 4 }, (_, index) => {
  const [pixel, channel] = [Math.floor(index / 4), index % 4];
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  const around = [at(x, y, channel), at(x, y - 1, channel), at(x, y + 1, channel)];
  return (around.reduce((sum, value) => sum + value, 0) + at(x - 1, y, channel) + at(x + 1, y, channel)) / 5;
});

export default {
  shows: 'half4 arithmetic and literals, functions with address spaces, clamp of vectors, dispatchThreads:',
  buffers: { input: new Uint16Array(input.buffer), output: new Uint16Array(width * height * 4) },
  steps: [
    {
      function: 'average',
      total: [width, height, 1],
      threads: [16, 16, 1],
      buffers: { 0: 'input', 1: 'output' },
      bytes: { 2: Int32Array.of(width, height) },
    },
  ],
  expected: { output: { values: averages, tolerance: 4e-3 } },
} satisfies Example;

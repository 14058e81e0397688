import { growthPlot } from '../plots/growth.js';
import { memoryPlot } from '../plots/over-length.js';
import type { Run } from '../schema.js';
import { directionNames } from '../series.js';
import type { Section } from './section.js';

/** Peak memory does not depend on the number of threads: one section for the page. */
export function memorySection({ memory }: Run): Section | undefined {
  if (memory.length === 0) return undefined;
  const ours = memory.filter(({ name }) => name === 'fa-metal');
  const series = (['forward', 'forward+backward'] as const).map((direction) => ({
    name: directionNames[direction],
    points: ours
      .filter((row) => row.direction === direction && row.extraBytes > 0)
      .map(({ length, extraBytes }) => ({ x: length, y: extraBytes / 1e6 })),
  }));
  return {
    title: 'Peak memory',
    text: 'Of one call above what its process held with the inputs; each point is a process of its own.',
    plots: [memoryPlot(memory), growthPlot(series, 'megabytes')],
  };
}

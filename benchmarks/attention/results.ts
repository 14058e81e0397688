import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeviceInfo } from '@fa-metal/core';
import { escape as escapeHtml } from 'html-escaper';
import type { TopLevelSpec } from 'vega-lite';
import { drawSvg } from '../demo/plots.js';
import type { BenchmarkOptions } from './options.js';
import { type Direction, nameOf, type Shape } from './shapes.js';
import type { Timing } from './timing.js';

/** All peers on one problem in one direction. */
export interface Measurement {
  readonly shape: Shape;
  readonly direction: Direction;
  readonly timings: readonly Timing[];
}

/** Where the figures come from. */
export interface Machine {
  readonly host: string;
  readonly device: DeviceInfo;
  readonly cpu: string;
  readonly node: string;
  /** What a share is a share of. */
  readonly yardstick: string;
}

/** Writes attention.json and attention.html into the output folder; returns the page's absolute path. */
export async function writeResults(
  options: BenchmarkOptions,
  machine: Machine,
  measurements: readonly Measurement[],
): Promise<string> {
  const folder = path.resolve(options.output);
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString();
  writeFileSync(
    path.join(folder, 'attention.json'),
    `${JSON.stringify({ date, machine, options, measurements }, null, 2)}\n`,
  );
  const page = path.join(folder, 'attention.html');
  const plot = await drawSvg(sharePlot(measurements));
  const machineText = `${machine.cpu}, ${options.threads} thread(s), ${machine.host}, shares of ${machine.yardstick}, Node ${machine.node}, ${date}`;
  writeFileSync(
    page,
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>fa-metal benchmark</title>
<h1>Attention as a share of SGEMM</h1><p>${escapeHtml(machineText)}. ${options.dtype}. Medians over interleaved rounds, quartiles as bars.
Not measured on Apple hardware.</p>${plot}</html>\n`,
  );
  return page;
}

function sharePlot(measurements: readonly Measurement[]): TopLevelSpec {
  const values = measurements.flatMap(({ shape, direction, timings }) =>
    timings.map(({ name, share }) => ({ problem: nameOf(shape), direction, peer: name, ...share })),
  );
  return {
    data: { values },
    facet: { column: { field: 'direction', type: 'nominal', title: null } },
    spec: {
      width: 320,
      height: { step: 26 },
      encoding: {
        y: { field: 'problem', type: 'nominal', sort: null, axis: { title: null, labelLimit: 260 } },
        yOffset: { field: 'peer' },
        color: { field: 'peer', type: 'nominal' },
      },
      layer: [
        { mark: 'bar', encoding: { x: { field: 'median', type: 'quantitative', title: 'share of SGEMM' } } },
        {
          mark: 'rule',
          encoding: { x: { field: 'lower', type: 'quantitative' }, x2: { field: 'upper' }, color: { value: 'black' } },
        },
      ],
    },
  };
}

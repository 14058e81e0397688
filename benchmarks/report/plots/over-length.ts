import type { TopLevelSpec } from 'vega-lite';
import type { Direction, MemoryRow } from '../schema.js';
import { directionNames, type Row } from '../series.js';
import { colourScale } from './peers.js';
import { logarithmicTicks } from './ticks.js';

interface Point {
  readonly contestant: string;
  readonly length: number;
  readonly value: number;
  readonly mask: string;
}

/** Time over length on logarithmic axes: a straight line is a power law. */
export function timePlot(rows: readonly Row[], direction: Direction): TopLevelSpec {
  const points = pointsOf(rows, direction, ({ milliseconds }) => milliseconds);
  return overLength(points, { title: 'milliseconds', scale: { type: 'log', nice: false } });
}

/** Share of the product's rate over length. */
export function sharePlot(rows: readonly Row[], direction: Direction): TopLevelSpec {
  const points = pointsOf(rows, direction, ({ share }) => share);
  const top = Math.max(100, ...points.map(({ value }) => value));
  return overLength(points, { title: '% of the rate of a large matrix product', scale: { domain: [0, top] } }, 100);
}

/** Peak memory over length, likewise. */
export function memoryPlot(rows: readonly MemoryRow[]): TopLevelSpec {
  const points = rows.map(({ name, length, extraBytes, direction, causal }) => ({
    contestant: name,
    length,
    value: extraBytes / 1e6,
    mask: `${directionNames[direction]}, ${causal ? 'causal' : 'dense'}`,
  }));
  return overLength(points, { title: 'megabytes above the inputs', scale: { type: 'log', nice: false } });
}

function pointsOf(rows: readonly Row[], direction: Direction, figureOf: (row: Row) => number | undefined): Point[] {
  return rows.flatMap((row) => {
    const { contestant, length, mask } = row;
    const value = figureOf(row);
    return row.direction === direction && value !== undefined ? [{ contestant, length, mask, value }] : [];
  });
}

interface Vertical {
  readonly title: string;
  readonly scale: { readonly type?: 'log'; readonly nice?: boolean; readonly domain?: number[] };
}

/** One panel for each mask, one line for each contestant; ours is drawn last and thickest. */
function overLength(points: readonly Point[], { title, scale }: Vertical, limit?: number): TopLevelSpec {
  const lengths = [...new Set(points.map(({ length }) => length))].sort((a, b) => a - b);
  const color = {
    field: 'contestant',
    type: 'nominal' as const,
    scale: colourScale(points.map(({ contestant }) => contestant)),
    legend: { title: null, orient: 'top' as const, columns: 4 },
  };
  const x = {
    field: 'length',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, base: 2, nice: false },
    axis: { values: lengths, title: 'length', format: 'd', grid: false },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    scale,
    axis: { title, ...(scale.type ? logarithmicTicks(points.map(({ value }) => value)) : { tickCount: 6 }) },
  };
  const ours = { test: "slice(datum.contestant, 0, 8) === 'fa-metal'" };
  return {
    data: { values: [...points] },
    facet: { column: { field: 'mask', type: 'nominal', sort: ['dense', 'causal'], header: { labelAnchor: 'start' } } },
    spec: {
      width: 425,
      height: 300,
      layer: [
        {
          mark: { type: 'line', strokeCap: 'round' },
          encoding: { x, y, color, strokeWidth: { condition: { ...ours, value: 4 }, value: 1.75 } },
        },
        {
          mark: { type: 'point', filled: true, opacity: 1 },
          encoding: { x, y, color, size: { condition: { ...ours, value: 80 }, value: 35 } },
        },
        ...(limit === undefined ? [] : [limitLine(limit)]),
      ],
    },
  };
}

function limitLine(limit: number) {
  return {
    data: { values: [{}] },
    mark: { type: 'rule' as const, strokeDash: [5, 4], color: '#101828' },
    encoding: { y: { datum: limit } },
  };
}

import type { TopLevelSpec } from 'vega-lite';
import { colourScale } from './peers.js';

export interface Dot {
  readonly label: string;
  readonly contestant: string;
  readonly value: number;
  readonly panel: string;
}

/** One row for each label, one dot for each contestant: what many problems have in common shows at a glance. */
export function dots(values: readonly Dot[], { title, line }: { title: string; line: number }): TopLevelSpec {
  const panels = [...new Set(values.map(({ panel }) => panel))];
  const x = {
    field: 'value',
    type: 'quantitative' as const,
    scale: { domain: [0, Math.max(line, ...values.map(({ value }) => value))] },
    axis: { title, tickCount: 5 },
  };
  const y = {
    field: 'label',
    type: 'nominal' as const,
    sort: [...new Set(values.map(({ label }) => label))],
    axis: { title: null, grid: true, labelLimit: 320 },
  };
  const color = {
    field: 'contestant',
    type: 'nominal' as const,
    scale: colourScale(values.map(({ contestant }) => contestant)),
    legend: { title: null, orient: 'top' as const, columns: 4 },
  };
  const ours = { test: "slice(datum.contestant, 0, 8) === 'fa-metal'" };
  return {
    data: { values: [...values] },
    facet: { column: { field: 'panel', type: 'nominal', sort: panels, header: { labelAnchor: 'start' } } },
    spec: {
      width: 250,
      height: { step: 28 },
      layer: [
        {
          mark: { type: 'point', filled: true, opacity: 1 },
          encoding: { x, y, color, size: { condition: { ...ours, value: 150 }, value: 60 } },
        },
        {
          data: { values: [{}] },
          mark: { type: 'rule', strokeDash: [5, 4] },
          encoding: { x: { datum: line } },
        },
      ],
    },
  };
}

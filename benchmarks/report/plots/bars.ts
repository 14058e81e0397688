import type { TopLevelSpec } from 'vega-lite';
import { colourScale } from './peers.js';

export interface Bar {
  /** What stands to the left of the bar. */
  readonly label: string;
  readonly value: number;
  /** What stands to its right. */
  readonly text: string;
  /** One panel for each. */
  readonly panel: string;
  /** The contestant whose colour it has; default: the label. */
  readonly colour?: string;
}

export interface BarsLook {
  /** Of the horizontal axis. */
  readonly title: string;
  /** A dashed line across all bars, e.g. a limit. */
  readonly line?: number;
}

/** Horizontal bars with their values written out, in the order given; panels stand side by side. */
export function bars(values: readonly Bar[], look: BarsLook): TopLevelSpec {
  const panels = [...new Set(values.map(({ panel }) => panel))];
  return {
    hconcat: panels.map((panel) =>
      barsOfPanel(
        panel,
        values.filter((bar) => bar.panel === panel),
        look,
      ),
    ),
    spacing: 30,
  };
}

function barsOfPanel(panel: string, values: readonly Bar[], { title, line }: BarsLook) {
  const coloured = values.map((bar) => ({ ...bar, colour: bar.colour ?? bar.label }));
  const largest = Math.max(line ?? 0, ...values.map(({ value }) => value));
  const smallest = Math.min(0, ...values.map(({ value }) => value));
  const x = {
    field: 'value',
    type: 'quantitative' as const,
    // Room for the text behind the longest bar.
    scale: { domain: [smallest, Math.max(largest, 1e-9) * 1.3], nice: false },
    axis: { title, tickCount: 5 },
  };
  const y = {
    field: 'label',
    type: 'nominal' as const,
    sort: null,
    axis: { title: null, grid: false, labelLimit: 300, minExtent: 165, maxExtent: 165 },
  };
  const scale = colourScale(coloured.map(({ colour }) => colour));
  const rule = {
    data: { values: [{}] },
    mark: { type: 'rule' as const, strokeDash: [5, 4] },
    encoding: { x: { datum: line ?? 0 } },
  };
  return {
    title: { text: panel, fontSize: 13 },
    data: { values: coloured },
    width: 290,
    height: { step: 26 },
    layer: [
      {
        mark: { type: 'bar' as const, cornerRadiusEnd: 3, height: { band: 0.66 } },
        encoding: { x, y, color: { field: 'colour', type: 'nominal' as const, legend: null, scale } },
      },
      {
        mark: { type: 'text' as const, align: 'left' as const, dx: 5, fontSize: 12, color: '#101828' },
        encoding: { x, y, text: { field: 'text' } },
      },
      ...(line === undefined ? [] : [rule]),
    ],
    resolve: { scale: { color: 'independent' as const } },
  };
}

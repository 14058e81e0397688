import type { TopLevelSpec } from 'vega-lite';
import { fitPowerLaw, type PowerLaw, valueAt } from '../fits.js';
import { logarithmicTicks } from './ticks.js';

export interface GrowthSeries {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Growth {
  readonly name: string;
  readonly law: PowerLaw;
}

/** The law of each series that has two lengths at least. */
export function growthOf(series: readonly GrowthSeries[]): Growth[] {
  return series
    .filter(({ points }) => new Set(points.map(({ x }) => x)).size > 1)
    .map(({ name, points }) => ({ name, law: fitPowerLaw(points) }));
}

/** Measured points and the fitted line through them, the exponent in the panel's name. */
export function growthPlot(series: readonly GrowthSeries[], title: string): TopLevelSpec {
  const panels = growthOf(series).map(({ name, law }) => {
    const points = series.find((each) => each.name === name)?.points ?? [];
    return panelOf(`${name}: length to the power of ${law.exponent.toFixed(2)}`, points, law, title);
  });
  return { hconcat: panels, spacing: 30 };
}

function panelOf(name: string, points: GrowthSeries['points'], law: PowerLaw, title: string) {
  const values = points.map(({ x, y }) => ({ x, y, fitted: valueAt(law, x) }));
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, base: 2, nice: false },
    axis: { values: points.map((point) => point.x), title: 'length', format: 'd', grid: false },
  };
  const vertical = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { type: 'log' as const, nice: false },
    axis: { title, ...logarithmicTicks(points.map((point) => point.y)) },
  });
  return {
    title: { text: name, fontSize: 13 },
    data: { values },
    width: 415,
    height: 220,
    layer: [
      { mark: { type: 'line' as const, color: '#ffc078', strokeWidth: 3 }, encoding: { x, y: vertical('fitted') } },
      {
        mark: { type: 'point' as const, filled: true, size: 90, color: '#e8590c', opacity: 1 },
        encoding: { x, y: vertical('y') },
      },
    ],
  };
}

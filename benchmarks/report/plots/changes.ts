import type { TopLevelSpec } from 'vega-lite';
import type { Comparison } from '../history.js';

/** Before and now of the figures that moved most, as shares in percent. */
export function changePlot({ changes }: Comparison, count = 20): TopLevelSpec {
  const values = changes.slice(0, count).map(({ figure, before, now, change }) => ({
    figure,
    before: 100 * before[1],
    now: 100 * now[1],
    direction: change < 0 ? 'slower' : 'faster',
  }));
  const y = { field: 'figure', type: 'nominal' as const, sort: null, axis: { title: null, labelLimit: 640 } };
  const title = 'share of the limit in %: before (ring) and now (disc)';
  const now = { field: 'now', type: 'quantitative' as const, title };
  const color = {
    field: 'direction',
    type: 'nominal' as const,
    scale: { domain: ['faster', 'slower'], range: ['#2b8a3e', '#c92a2a'] },
    legend: { title: null, orient: 'top' as const },
  };
  return {
    data: { values },
    width: 420,
    height: { step: 22 },
    layer: [
      { mark: { type: 'rule', strokeWidth: 2 }, encoding: { y, x: now, x2: { field: 'before' }, color } },
      {
        mark: { type: 'point', filled: false, size: 70, fill: 'white', opacity: 1 },
        encoding: { y, x: { field: 'before', type: 'quantitative', title }, color },
      },
      { mark: { type: 'point', filled: true, size: 80, opacity: 1 }, encoding: { y, x: now, color } },
    ],
  };
}

import type { TopLevelSpec } from 'vega-lite';
import type { RunResult } from './messages.js';
import { median, titles } from './run-variant.js';

/** Loss over steps, one line a run. */
export function lossPlot(results: readonly RunResult[]): TopLevelSpec {
  const values = results.flatMap(({ variant, losses }) =>
    losses.map((loss, step) => ({ run: titles[variant], step, loss })),
  );
  return {
    width: 640,
    height: 300,
    title: 'Training loss (nats per character)',
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5, opacity: 0.85 },
    encoding: {
      x: { field: 'step', type: 'quantitative' },
      y: { field: 'loss', type: 'quantitative', scale: { zero: false } },
      color: { field: 'run', type: 'nominal', legend: { orient: 'top', labelLimit: 400, title: null } },
    },
  };
}

/** One bar a run: `value` of each in `unit`. */
function barPlot(results: readonly RunResult[], title: string, value: (result: RunResult) => number): TopLevelSpec {
  return {
    width: 420,
    height: { step: 34 },
    title,
    data: { values: results.map((result) => ({ run: titles[result.variant], value: value(result) })) },
    encoding: {
      y: { field: 'run', type: 'nominal', sort: null, axis: { title: null, labelLimit: 300 } },
      x: { field: 'value', type: 'quantitative', axis: { title: null } },
    },
    layer: [
      { mark: 'bar' },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: { text: { field: 'value', type: 'quantitative', format: '.0f' } },
      },
    ],
  };
}

/** Median time of a step. */
export function timePlot(results: readonly RunResult[]): TopLevelSpec {
  return barPlot(results, 'Median time of a step (ms)', (result) => median(result.stepMilliseconds));
}

/** Peak memory of the process. */
export function memoryPlot(results: readonly RunResult[]): TopLevelSpec {
  return barPlot(results, 'Peak memory of the process (MB)', (result) => result.peakBytes / 1e6);
}

import type { TopLevelSpec } from 'vega-lite';

/** A heading, a sentence and plots. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly plots: readonly TopLevelSpec[];
}

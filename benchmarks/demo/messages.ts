import type { DemoOptions, Variant } from './options.js';
import type { HostName } from './tensorflow.js';

/** What the parent hands to the process that makes one run. */
export interface RunRequest {
  readonly variant: Variant;
  readonly options: DemoOptions;
  readonly host: HostName;
}

/** What that process says, in this order: started, step (many), finished; or failed. */
export type RunMessage =
  | { kind: 'started'; host: string; notes: string[] }
  | { kind: 'step'; step: number; loss: number; milliseconds: number }
  | { kind: 'finished'; sample: string; peakBytes: number; parameters: number }
  | { kind: 'failed'; message: string };

/** One finished run. */
export interface RunResult {
  readonly variant: Variant;
  readonly host: string;
  readonly notes: readonly string[];
  readonly losses: readonly number[];
  readonly stepMilliseconds: readonly number[];
  readonly sample: string;
  readonly peakBytes: number;
  readonly parameters: number;
}

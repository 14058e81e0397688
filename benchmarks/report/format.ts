import type { Entry, Spread } from './schema.js';

/** `12.3 ms`, three digits. */
export function time(seconds: number): string {
  const milliseconds = 1e3 * seconds;
  return `${milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toPrecision(3)} ms`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** `1.32 (1.30 to 1.35)`: median and quartiles. */
export function spread({ median, lower, upper }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${lower.toFixed(digits)} to ${upper.toFixed(digits)})`;
}

export interface MainShare {
  readonly value: Spread;
  readonly of: 'read' | 'product';
  readonly steady: boolean;
}

/** The share that says most about an entry: of the read rate where one was measured, else of the product's. */
export function mainShare({ share, readShare, steady }: Entry): MainShare | undefined {
  if (readShare) return { value: readShare, of: 'read', steady: steady.readShare ?? false };
  return share && { value: share, of: 'product', steady: steady.share ?? false };
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
}

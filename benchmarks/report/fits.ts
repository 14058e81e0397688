/** A power law `y = factor * x^exponent` through measured points. */
export interface PowerLaw {
  readonly exponent: number;
  readonly factor: number;
  /** Range of x that it was fitted to. */
  readonly from: number;
  readonly to: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Least squares on logarithms, so that a short length counts as much as a long one.
 *
 * @throws RangeError for fewer than two different x, or a value that has no logarithm
 */
export function fitPowerLaw(points: readonly Point[]): PowerLaw {
  if (new Set(points.map(({ x }) => x)).size < 2) throw new RangeError('expected points at two lengths at least');
  if (!points.every(({ x, y }) => x > 0 && y > 0 && Number.isFinite(x * y))) {
    throw new RangeError('expected positive, finite points');
  }
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const [middleX, middleY] = [mean(logs.map(({ x }) => x)), mean(logs.map(({ y }) => y))];
  const covariance = mean(logs.map(({ x, y }) => (x - middleX) * (y - middleY)));
  const exponent = covariance / mean(logs.map(({ x }) => (x - middleX) ** 2));
  const xs = points.map(({ x }) => x);
  return {
    exponent,
    factor: Math.exp(middleY - exponent * middleX),
    from: Math.min(...xs),
    to: Math.max(...xs),
  };
}

/** What the law says at x. */
export function valueAt({ factor, exponent }: PowerLaw, x: number): number {
  return factor * x ** exponent;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

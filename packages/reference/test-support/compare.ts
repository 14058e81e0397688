/** Largest difference over the largest finite expected magnitude; Infinity when NaN or infinities differ in place or sign. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let magnitude = 0;
  for (let index = 0; index < expected.length; index++) {
    const [a, e] = [actual[index]!, expected[index]!];
    if (!Number.isFinite(e)) {
      if (!Object.is(a, e)) return Infinity;
      continue;
    }
    if (!Number.isFinite(a)) return Infinity;
    difference = Math.max(difference, Math.abs(a - e));
    magnitude = Math.max(magnitude, Math.abs(e));
  }
  return difference === 0 ? 0 : difference / magnitude;
}

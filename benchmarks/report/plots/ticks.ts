/** Ticks of a logarithmic axis: 1 and 3 of each power of ten, which lie about as far from each other. */
export function logarithmicTicks(values: readonly number[]) {
  const [first, last] = [Math.min(...values), Math.max(...values)];
  const powers = Array.from({ length: 13 }, (_, index) => 10 ** (index - 6));
  const ticks = powers.flatMap((power) => [power, 3 * power]).filter((tick) => tick >= first && tick <= last);
  // Without a tick inside a short range, the axis chooses its own.
  return ticks.length > 1 ? { values: ticks, format: '~r' } : { tickCount: 3, format: '~r' };
}

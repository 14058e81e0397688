/** What the formulas are computed in. Buffers round on store, so only values kept in variables need `round`. */
export interface Arithmetic {
  buffer(length: number): Buffer;
  round(value: number): number;
  /** Rounds an element of out as the backward pass finds it in memory. */
  store(value: number): number;
  /** Sum of `a[aStart + c] * b[bStart + c]` over `count` columns. */
  dot(a: Buffer, aStart: number, b: Buffer, bStart: number, count: number): number;
  /** `y += factor * x`. */
  addScaled(factor: number, x: Buffer, xStart: number, y: Buffer, yStart: number, count: number): void;
}

export type Buffer = Float64Array | Float32Array;

/** The oracle's arithmetic. */
export const float64: Arithmetic = {
  buffer: (length) => new Float64Array(length),
  round: (value) => value,
  store: (value) => value,
  dot(a, aStart, b, bStart, count) {
    // Four chains of additions keep the processor busy; one would wait for itself.
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let c = 0;
    for (; c + 4 <= count; c += 4) {
      sum0 += a[aStart + c]! * b[bStart + c]!;
      sum1 += a[aStart + c + 1]! * b[bStart + c + 1]!;
      sum2 += a[aStart + c + 2]! * b[bStart + c + 2]!;
      sum3 += a[aStart + c + 3]! * b[bStart + c + 3]!;
    }
    for (; c < count; c++) sum0 += a[aStart + c]! * b[bStart + c]!;
    return sum0 + sum1 + (sum2 + sum3);
  },
  addScaled(factor, x, xStart, y, yStart, count) {
    for (let c = 0; c < count; c++) y[yStart + c] = y[yStart + c]! + factor * x[xStart + c]!;
  },
};

/** Float32 with a rounding after every operation and sums in order: the yardstick of the accuracy rule. */
export const float32: Arithmetic = {
  buffer: (length) => new Float32Array(length),
  round: Math.fround,
  store: Math.fround,
  dot(a, aStart, b, bStart, count) {
    let sum = 0;
    for (let c = 0; c < count; c++) sum = Math.fround(sum + Math.fround(a[aStart + c]! * b[bStart + c]!));
    return sum;
  },
  addScaled(factor, x, xStart, y, yStart, count) {
    const rounded = Math.fround(factor);
    for (let c = 0; c < count; c++) y[yStart + c] = y[yStart + c]! + Math.fround(rounded * x[xStart + c]!);
  },
};

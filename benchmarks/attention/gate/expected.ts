/** What some elements of a result must be. */
export interface Sample {
  /** Places in the result's values. */
  readonly at: readonly number[];
  /** Truth in float64. */
  readonly reference: readonly number[];
  /** The same computed plainly with float32 sums; its error is the yardstick of the accuracy rule. */
  readonly naive: readonly number[];
  /** Of the accuracy rule: 2 for out and lse, 3 for gradients. */
  readonly factor: 2 | 3;
  /** Largest |lse| where the reference itself came from lse in float32; else 0. */
  readonly largestLse: number;
}

/** By name of the result: out, lse, dq, dk, dv and gradients of options. */
export type Expected = Readonly<Record<string, Sample>>;

/** Collects a sample piece by piece. */
export class SampleBuilder implements Sample {
  readonly at: number[] = [];
  readonly reference: number[] = [];
  readonly naive: number[] = [];

  constructor(
    readonly factor: 2 | 3,
    readonly largestLse = 0,
  ) {}

  /** Elements from place `begin` on. */
  add(begin: number, reference: ArrayLike<number>, naive: ArrayLike<number>): void {
    for (let index = 0; index < reference.length; index++) {
      this.at.push(begin + index);
      this.reference.push(reference[index] as number);
      this.naive.push(naive[index] as number);
    }
  }
}

import type { Arithmetic, Buffer } from './arithmetic.js';
import { requireShape } from './tensor.js';
import type { Rope } from './types.js';

/** Rotates one token's row in place. */
export type Rotate = (row: Buffer, start: number, position: number) => void;

/**
 * The rotation of `rope`, or with `direction` -1 its inverse, which is also its transpose and so carries gradients back.
 *
 * @throws RangeError for tables that do not fit each other or the width
 */
export function rotation(rope: Rope, width: number, direction: 1 | -1, { round }: Arithmetic): Rotate {
  const { cos, sin, style } = rope;
  const [positions, half] = cos.shape as [number, number];
  requireShape('rope.cos', cos, [positions, Math.min(half, Math.floor(width / 2))]);
  requireShape('rope.sin', sin, cos.shape);
  const pairStride = style === 'half' ? half : 1;
  const columnStride = style === 'half' ? 1 : 2;
  return (row, start, position) => {
    if (!(position >= 0 && position < positions)) {
      throw new RangeError(`rope: expected positions in [0, ${positions}), got ${position}`);
    }
    for (let c = 0; c < half; c++) {
      const cosine = cos.data[position * half + c]!;
      const sine = direction * sin.data[position * half + c]!;
      const first = start + c * columnStride;
      const second = first + pairStride;
      const x = row[first]!;
      const y = row[second]!;
      row[first] = round(x * cosine) - round(y * sine);
      row[second] = round(y * cosine) + round(x * sine);
    }
  };
}

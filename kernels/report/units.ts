import type { Shape } from './dispatch.js';
import { summedParts } from './option-dispatch.js';
import type { Variant } from './variants.js';

/** Elements that count as much as one 8x8x8 product. */
export const elementsPerUnit = 512;

/** What a kernel without products goes through: the splits of all rows; rows that are summed or copied; parts of dBias. */
const elements: Record<string, (variant: Variant, shape: Shape) => number> = {
  decodeReduce: ({ valueWidth }, shape) => rows(shape) * shape.splits * valueWidth,
  headSums: (_, shape) => rows(shape),
  prepare: ({ width }, { queryHeads, queryLength }) => queryHeads * queryLength * width,
  dBiasSum: (_, { queryHeads, queryLength, keyLength }) => queryHeads * queryLength * keyLength * summedParts,
};

const rows = ({ batch, queryHeads, queryLength }: Shape) => batch * queryHeads * queryLength;

/** Units of work of a dispatch in which `products` were counted. */
export function unitsOf(variant: Variant, shape: Shape, products: number): number {
  if (products > 0) return products;
  const count = elements[variant.kernel];
  if (count === undefined) throw new Error(`${variant.hostName} has neither products nor elements`);
  return count(variant, shape) / elementsPerUnit;
}

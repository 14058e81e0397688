import { figure, products } from './count.js';
import { fullConstants, type Shape } from './dispatch.js';
import { registerEstimate, registerFloor } from './floor.js';
import { countsOf, registersOf } from './measure.js';
import { core, type Prediction, type Profile, predict, profileOf } from './model.js';
import type { Tools } from './tools.js';
import type { Variant } from './variants.js';

/** One line of the report. */
export interface Row {
  variant: Variant;
  /** By ptxas, as the fragments demand, and what the table says: the larger with its surcharge. */
  registers: { ptxas: number; floor: number; estimate: number; withAllOptions: number };
  threadgroupBytes: number;
  shape: Shape;
  products: number;
  /** Per product; per threadgroup where a kernel has none. */
  profile: Profile;
  prediction: Prediction;
}

/** Kernels that use every byte once or nearly so: the memory's speed is a bound of theirs. */
const ofOptions = ['dBiasSum', 'headSums', 'prepare'];
const streaming = new Set(['delta', 'dqStored', 'decode', 'decodeReduce', 'shortDkv', 'shortDq', ...ofOptions]);
const few = new Set(['decode', 'decodeReduce', 'shortDkv', 'shortDq']);

/** A small call of the kind that the kernel is for: what it does per product hardly depends on the lengths. */
export function usualShape({ kernel, rows, width }: Variant): Shape {
  const length = width > 128 ? 128 : 256;
  const square = { batch: 1, queryHeads: 1, kvHeads: 1, queryLength: length, keyLength: length };
  if (!few.has(kernel)) return { ...square, causal: false, splits: 1 };
  const grouped = { batch: 1, queryHeads: 8, kvHeads: 1, queryLength: Math.max(1, rows / 8), keyLength: 1024 };
  return { ...grouped, causal: true, splits: 4 };
}

export async function reportRow(tools: Tools, variant: Variant): Promise<Row> {
  const plain = await registersOf(tools, variant);
  const full = await registersOf(tools, variant, fullConstants);
  const shape = usualShape(variant);
  const counts = await countsOf(variant, shape);
  const done = products(counts);
  const profile = profileOf(counts, done > 0 ? done : figure(counts, 'threadgroups'));
  const estimate = registerEstimate(variant, plain.registers);
  const footprint = { ...plain, registers: estimate, simdgroups: variant.simdgroups };
  return {
    variant,
    registers: {
      ptxas: plain.registers,
      floor: registerFloor(variant),
      estimate,
      withAllOptions: registerEstimate(variant, full.registers),
    },
    threadgroupBytes: plain.threadgroupBytes,
    shape,
    products: done,
    profile,
    prediction: predict(profile, footprint, { products: done > 0 ? 1 : 0, streams: streaming.has(variant.kernel) }),
  };
}

export const fitsRegisters = ({ registers }: Row): boolean => registers.estimate <= core.registersPerThread;

/** `action` for each item, `workers` at a time; results in the items' order. */
export async function forEach<Item, Result>(
  items: readonly Item[],
  workers: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [index, item] of entries) results[index] = await action(item);
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

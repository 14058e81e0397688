import { products } from './count.js';
import { fullConstants, type Shape } from './dispatch.js';
import { registerEstimate, registerFloor } from './floor.js';
import { registersOf } from './measure.js';
import { core, type Prediction, type Profile, predict } from './model.js';
import { countedProfile } from './profiles.js';
import { usualShape } from './shapes.js';
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
  /** Per product; per 512 elements where a kernel has none. */
  profile: Profile;
  prediction: Prediction;
}

/** Kernels that use every byte once or nearly so: the memory's speed is a bound of theirs. */
const ofOptions = ['dBiasSum', 'headSums', 'prepare'];
const streaming = new Set(['delta', 'dqStored', 'decode', 'decodeReduce', 'shortDkv', 'shortDq', ...ofOptions]);
export async function reportRow(tools: Tools, variant: Variant): Promise<Row> {
  const plain = await registersOf(tools, variant);
  const full = await registersOf(tools, variant, fullConstants);
  const { counts, profile } = await countedProfile(variant);
  const done = products(counts);
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
    shape: usualShape(variant),
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

import type { Shape } from './dispatch.js';
import { binding, structBytes } from './fa-headers.js';
import { randomElements, repeated } from './tensor-data.js';
import { groupRows, type Variant } from './variants.js';

/** What the kernels of options get beside the usual arguments: a full-size bias, a gradient of sinks, rows rotated. */
export interface OptionDispatch {
  threadgroups: number;
  constants: Readonly<Record<string, string>>;
  buffers: ReadonlyMap<number, Uint8Array>;
  bytes: ReadonlyMap<number, Uint8Array>;
}

type Named = Record<string, Uint8Array>;
const byIndex = (named: Named): ReadonlyMap<number, Uint8Array> =>
  new Map(Object.entries(named).map(([name, data]) => [binding(name), data]));

/** Parts that dBiasSum adds. */
export const summedParts = 8;

const makers: Record<string, (variant: Variant, shape: Shape) => Omit<OptionDispatch, 'constants'>> = {
  dBias: (variant, shape) => {
    const rowBlocks = Math.ceil(shape.queryLength / groupRows(variant));
    const keyBlocks = Math.ceil(shape.keyLength / variant.block);
    return { threadgroups: shape.queryHeads * rowBlocks * keyBlocks, ...biasArguments(shape, 1) };
  },
  dBiasSum: ({ threads }, shape) => {
    const elements = shape.queryHeads * shape.queryLength * shape.keyLength;
    return { threadgroups: Math.ceil(elements / threads), ...biasArguments(shape, summedParts) };
  },
  headSums: (_, { queryHeads, queryLength, batch }) => ({
    threadgroups: queryHeads,
    buffers: byIndex({
      kHeadSums: repeated(0, queryHeads),
      kSlopeTerms: repeated(1, batch * queryHeads * queryLength),
    }),
    bytes: new Map(),
  }),
  prepare: (variant, shape) => {
    const blocks = Math.ceil(shape.queryLength / groupRows(variant));
    return { threadgroups: shape.queryHeads * blocks, ...rotation(variant, shape, blocks) };
  },
};

/** Empty for kernels of every call. */
export function optionDispatch(variant: Variant, shape: Shape): OptionDispatch | undefined {
  const made = makers[variant.kernel]?.(variant, shape);
  return made && { constants: constants[variant.kernel] ?? {}, ...made };
}

const constants: Record<string, Record<string, string>> = { headSums: { kSumsSlopes: 'bool:true' } };

/** Bias has a head for each query head and is the same for all batches. */
function biasArguments({ batch, queryHeads: heads, queryLength: rows, keyLength: keys }: Shape, count: number) {
  const part = heads * rows * keys;
  const params = structBytes('BiasParams', {
    ...{ to: { batch: part, head: rows * keys, row: keys }, part, batches: 1, heads, rows, keys, queries: rows },
    ...{ steps: batch, steps_per_part: batch, parts: count },
  });
  return {
    buffers: byIndex({ kDBias: repeated(0, part), kBiasParts: repeated(1, part * count) }),
    bytes: byIndex({ kBiasParams: params }),
  };
}

/** Half of the columns, rotated by the row's number. */
function rotation({ dtype, width }: Variant, shape: Shape, blocks: number) {
  const { queryHeads: heads, queryLength: rows, keyLength } = shape;
  const strides = { batch: heads * rows * width, head: rows * width, row: width };
  const none = { batch: 0, head: 0, row: 0 };
  const pairs = width / 4;
  const sequence = structBytes('Sequence', {
    ...{ first_query: 0, first_key: 0, queries: rows, stored_keys: keyLength, offset: 0 },
    band: { lo: 0, hi: 0, keys: keyLength },
  });
  const places = Array.from({ length: blocks }, (_, block) => structBytes('TaskPlace', { sequence: 0, block }));
  const copy = structBytes('RowCopy', {
    ...{ from: strides, to: strides, scales: none, pages_batch: 0, positions_batch: 0, cos_row: pairs, sin_row: pairs },
    ...{ page_size: 0, heads, columns: width, from_elements: 0, to_elements: 0, of_queries: 1, past_length: 0 },
    ...{ pairs, interleaved: 0, back: 0, has_positions: 0 },
  });
  const unused = repeated(0, 1);
  const angles = repeated(0.5, Math.max(rows, keyLength) * pairs);
  const named: Named = {
    ...{ kCopyFrom: randomElements(dtype, heads * rows * width, 1), kCopyTo: repeated(0, heads * rows * width) },
    ...{ kCopyScales: unused, kCopyPages: unused, kCopyPositions: unused, kCopyCos: angles, kCopySin: angles },
    ...{ kSequences: sequence, kTaskList: Buffer.concat(places) },
  };
  return { buffers: byIndex(named), bytes: byIndex({ kRowCopy: copy }) };
}

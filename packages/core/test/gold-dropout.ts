import { dropoutMask } from '@fa-metal/reference';
import type { GoldProblem } from '../../reference/test-support/vectors.js';
import type { AttentionGradients, AttentionOptions, AttentionResult, Tensor } from '../src/index.js';

/** Sizes of a gold vector. */
interface Sizes {
  B: number;
  Hq: number;
  Hkv: number;
  Lq: number;
  Lk: number;
  D: number;
  Dv: number;
}

const seed = 0x5eed_0123_4567_89abn;

/**
 * A gold vector whose keep mask was drawn by another generator, as a call of the op's own dropout with the same results:
 * every query row becomes a batch entry of its own, and its keys are dealt out to places where the op's generator
 * decides as the vector's mask does; the places in between are masked and hold NaN.
 */
export interface DealtCall {
  sizes: Sizes;
  /** By batch entry and head, the place of each key, or -1 where the row does not see it. */
  places: Int32Array[];
  length: number;
  q: Tensor;
  k: Tensor;
  v: Tensor;
  dOut: Tensor;
  dLse?: Tensor;
  options: AttentionOptions;
}

type Numbers = ArrayLike<number>;
const float = (data: Float32Array, shape: readonly number[]): Tensor => ({ data, shape, dtype: 'float32' });

export function dealOut({ gold, problem, outputGradients }: GoldProblem): DealtCall {
  const { q, k, v, options = {} } = problem;
  const [B, Hq, Lq, D] = q.shape as [number, number, number, number];
  const sizes = { B, Hq, Hkv: k.shape[1]!, Lq, Lk: k.shape[2]!, D, Dv: v.shape[3]! };
  const dropout = options.dropout as { rate: number; keep: { data: Numbers } };
  const rows = B * Lq;
  const longest = 2 * sizes.Lk + 200;
  const drawn = dropoutMask({ rate: dropout.rate, seed, shape: [rows, Hq, 1, longest] }).data;
  const places = Array.from({ length: rows * Hq }, (_, n) => {
    const [row, head] = [Math.floor(n / Hq), n % Hq];
    const [batch, query] = [Math.floor(row / Lq), row % Lq];
    const wanted = Array.from({ length: sizes.Lk }, (_, key) => {
      const sees = !gold.causal || key <= query + gold.off[batch]!;
      return sees ? Number(dropout.keep.data[((batch * Hq + head) * Lq + query) * sizes.Lk + key] !== 0) : undefined;
    });
    return placesOf(wanted, drawn.subarray(n * longest, (n + 1) * longest));
  });
  const length = 1 + Math.max(...places.map((of) => Math.max(-1, ...of)));
  const call: DealtCall = {
    sizes,
    places,
    length,
    q: rowsApart(q.data, sizes, D),
    k: dealt(k.data, { sizes, places, length }, D),
    v: dealt(v.data, { sizes, places, length }, sizes.Dv),
    dOut: rowsApart(outputGradients!.dOut.data, sizes, sizes.Dv),
    options: {
      ...(options.scale !== undefined && { scale: options.scale }),
      dropout: { rate: dropout.rate, seed },
      mask: { data: new Uint8Array(rows * Hq * length), shape: [rows, Hq, 1, length], dtype: 'bool' },
    },
  };
  if (outputGradients!.dLse) call.dLse = { ...rowsApart(outputGradients!.dLse.data, sizes, 1), shape: [rows, Hq, 1] };
  if (options.sinks) call.options.sinks = float(Float32Array.from(options.sinks.data), options.sinks.shape);
  const mask = call.options.mask!.data as Uint8Array;
  forEachPlace(call, ({ entry, place }) => {
    mask[entry * length + place] = 1;
  });
  if (options.bias) call.options.bias = dealtBias(options.bias, call);
  return call;
}

/** Each key in turn takes the next place whose decision is the one that it needs. */
function placesOf(wanted: readonly (number | undefined)[], drawn: ArrayLike<number>): Int32Array {
  const next = [0, 0];
  return Int32Array.from(wanted, (decision) => {
    if (decision === undefined) return -1;
    let place = next[decision]!;
    while (place < drawn.length && drawn[place] !== decision) place++;
    if (place === drawn.length) throw new Error('too few places');
    next[decision] = place + 1;
    return place;
  });
}

/** [B, Hq, Lq, width] as [B * Lq, Hq, 1, width]. */
function rowsApart(data: Numbers, { B, Hq, Lq }: Sizes, width: number): Tensor {
  const apart = new Float32Array(B * Lq * Hq * width);
  for (let b = 0; b < B; b++)
    for (let h = 0; h < Hq; h++)
      for (let i = 0; i < Lq; i++)
        for (let c = 0; c < width; c++)
          apart[((b * Lq + i) * Hq + h) * width + c] = data[((b * Hq + h) * Lq + i) * width + c]!;
  return float(apart, [B * Lq, Hq, 1, width]);
}

interface Place {
  /** Batch entry and head of the dealt call. */
  entry: number;
  place: number;
  batch: number;
  head: number;
  query: number;
  key: number;
}

function forEachPlace({ sizes, places }: Pick<DealtCall, 'sizes' | 'places'>, visit: (place: Place) => void): void {
  const { Hq, Lq } = sizes;
  places.forEach((of, entry) => {
    const row = Math.floor(entry / Hq);
    of.forEach((place, key) => {
      if (place < 0) return;
      visit({ entry, place, batch: Math.floor(row / Lq), head: entry % Hq, query: row % Lq, key });
    });
  });
}

/** k or v, a copy for every row and query head; what no key takes is NaN. */
function dealt(data: Numbers, call: Pick<DealtCall, 'sizes' | 'places' | 'length'>, width: number): Tensor {
  const { Hq, Hkv, Lk, B, Lq } = call.sizes;
  const values = new Float32Array(call.places.length * call.length * width).fill(NaN);
  forEachPlace(call, ({ entry, place, batch, head, key }) => {
    const from = ((batch * Hkv + Math.floor((head * Hkv) / Hq)) * Lk + key) * width;
    for (let c = 0; c < width; c++) values[(entry * call.length + place) * width + c] = data[from + c]!;
  });
  return float(values, [B * Lq, Hq, call.length, width]);
}

/** Index in a [1|B, 1|Hq, 1|Lq, Lk] tensor. */
function biasIndex(shape: readonly number[], { batch, head, query, key }: Place): number {
  const [batches, heads, queries, keys] = shape as [number, number, number, number];
  const at = (size: number, index: number) => (size === 1 ? 0 : index);
  return ((at(batches, batch) * heads + at(heads, head)) * queries + at(queries, query)) * keys + key;
}

function dealtBias({ data, shape }: { data: Numbers; shape: readonly number[] }, call: DealtCall): Tensor {
  const values = new Float32Array(call.places.length * call.length);
  forEachPlace(call, (place) => {
    values[place.entry * call.length + place.place] = data[biasIndex(shape, place)]!;
  });
  return float(values, [call.places.length / call.sizes.Hq, call.sizes.Hq, 1, call.length]);
}

/** Results of the dealt call in the shapes of the vector: rows together again, copies of a key summed. */
export function collect(
  call: DealtCall,
  { out, lse, dq, dk, dv, dBias, dSinks }: AttentionResult & AttentionGradients,
  biasShape: readonly number[] | undefined,
): Record<string, Tensor> {
  const { B, Hq, Hkv, Lq, Lk, D, Dv } = call.sizes;
  const together = ({ data }: Tensor, width: number, shape: number[]): Tensor =>
    // Swapping rows and heads undoes itself.
    ({ ...rowsApart(data as Float32Array, { ...call.sizes, Hq: Lq, Lq: Hq }, width), shape });
  const summed = ({ data }: Tensor, width: number, shape: readonly number[], index: (place: Place) => number) => {
    const sums = new Float64Array(shape.reduce((product, size) => product * size, 1));
    forEachPlace(call, (place) => {
      const from = (place.entry * call.length + place.place) * width;
      for (let c = 0; c < width; c++) sums[index(place) * width + c]! += (data as Float32Array)[from + c]!;
    });
    return float(Float32Array.from(sums), shape);
  };
  const keyIndex = ({ batch, head, key }: Place) => (batch * Hkv + Math.floor((head * Hkv) / Hq)) * Lk + key;
  return {
    out: together(out, Dv, [B, Hq, Lq, Dv]),
    lse: together(lse, 1, [B, Hq, Lq]),
    dq: together(dq, D, [B, Hq, Lq, D]),
    dk: summed(dk, D, [B, Hkv, Lk, D], keyIndex),
    dv: summed(dv, Dv, [B, Hkv, Lk, Dv], keyIndex),
    ...(dBias && biasShape && { dBias: summed(dBias, 1, biasShape, (place) => biasIndex(biasShape, place)) }),
    ...(dSinks && { dSinks }),
  };
}

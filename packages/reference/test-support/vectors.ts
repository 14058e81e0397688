import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AttentionOptions, OutputGradients, Problem, Tensor } from '../src/index.js';
import { readSafetensors, type StoredTensor } from './safetensors.js';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));

/** A gold case as vectors/index.json describes it; vectors/README.md says what the fields mean. */
export interface GoldCase {
  readonly id: string;
  readonly file: string;
  readonly category: string;
  readonly variant: 'dense' | 'varlen';
  readonly scale: number;
  readonly softcap: number;
  readonly causal: boolean;
  readonly align: 'topLeft' | 'bottomRight';
  readonly off: readonly number[];
  readonly window: readonly [number, number];
  /** The inputs are exactly representable in this dtype. */
  readonly grid: 'f32' | 'f16' | 'bf16';
  readonly fwd_only: boolean | 0;
  readonly dropout_p?: number;
  readonly rope?: { readonly style: 'half' | 'interleaved'; readonly rotary_dim: number };
  readonly v_view_of_k?: number;
  readonly expect_nan?: boolean;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Relative error of a plain float32 implementation, by output. */
  readonly f32_rel_err: Readonly<Record<string, number>>;
}

/** A gold case as a problem, with the outputs that it must have. */
export interface GoldProblem {
  readonly gold: GoldCase;
  readonly problem: Problem;
  readonly outputGradients?: OutputGradients;
  /** By the names of this package's results: out, lse, dq, dk, dv, dBias, dAlibiSlopes, dSinks. */
  readonly expected: Readonly<Record<string, StoredTensor>>;
  /** Largest error of PyTorch's plain float32 run, by the same names. */
  readonly plainErrors: Readonly<Record<string, number>>;
}

export const goldCases: readonly GoldCase[] = JSON.parse(readFileSync(`${folder}index.json`, 'utf8'));

const resultNames: Record<string, string> = { dbias: 'dBias', dslopes: 'dAlibiSlopes', dsinks: 'dSinks' };

/** Reads a case. `dkv` (gradient of storage that k and v share) is left out: it is dk with dv added. */
export function readGoldProblem(gold: GoldCase): GoldProblem {
  const tensors = readSafetensors(folder + gold.file);
  const { dout, dlse } = tensors;
  const k = (tensors.k ?? tensors.k_q ?? tensors.k_cache)!;
  const v = tensors.v ?? tensors.v_q ?? tensors.v_cache ?? leadingColumns(k, gold.v_view_of_k!);
  const names = gold.outputs.filter((name) => name !== 'dkv');
  return {
    gold,
    problem: { q: tensors.q!, k, v, options: goldOptions(gold, tensors) },
    ...(dout && { outputGradients: { dOut: dout, ...(dlse && { dLse: dlse }) } }),
    expected: Object.fromEntries(names.map((name) => [resultNames[name] ?? name, tensors[name]!])),
    plainErrors: Object.fromEntries(
      names.map((name) => [resultNames[name] ?? name, (gold.f32_rel_err[name] ?? 0) * largestFinite(tensors[name]!)]),
    ),
  };
}

function largestFinite({ data }: StoredTensor): number {
  let largest = 0;
  for (const value of data) if (Math.abs(value) < Infinity) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function goldOptions(gold: GoldCase, tensors: Record<string, StoredTensor>): AttentionOptions {
  const { mask, bias, slopes, sinks, keep, cos, sin, block_table: blockTable, seqlens_k: kvLengths } = tensors;
  const { k_scale: kScale, v_scale: vScale, cu_seqlens_q: cuSeqlensQ, cu_seqlens_k: cuSeqlensK } = tensors;
  const { pos_q: positionsQ, pos_k: positionsK } = tensors;
  const given = {
    mask,
    bias,
    alibiSlopes: slopes,
    sinks,
    blockTable,
    kvLengths,
    kScale,
    vScale,
    cuSeqlensQ,
    cuSeqlensK,
  };
  return {
    scale: gold.scale,
    softcap: gold.softcap,
    causal: gold.causal ? gold.align : 'none',
    align: gold.align,
    window: { left: gold.window[0], right: gold.window[1] },
    ...Object.fromEntries(Object.entries(given).filter(([, tensor]) => tensor)),
    ...(keep && { dropout: { rate: gold.dropout_p!, keep } }),
    ...(gold.rope && {
      rope: {
        cos: cos!,
        sin: sin!,
        style: gold.rope.style,
        positionsQ: positionsQ!,
        positionsK: positionsK!,
      },
    }),
  };
}

/** The view of the first `width` columns. */
function leadingColumns({ data, shape }: StoredTensor, width: number): Tensor {
  const [batch, heads, tokens, columns] = shape as [number, number, number, number];
  return {
    data,
    shape: [batch, heads, tokens, width],
    strides: [heads * tokens * columns, tokens * columns, columns, 1],
  };
}

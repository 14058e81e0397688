// What the host hands to the Metal kernels by value. Compiled as MSL and as C++, so it holds plain data in an
// order that needs no padding.
#pragma once
#include "philox.h"
#include "sequence.h"

namespace fa {

/// Distances in elements between neighbours of a [B, H, L, D] tensor, in any order of its outer axes. The
/// innermost distance is 1.
struct RowStrides {
  Int64 batch;
  Int64 head;
  Int64 row;
};

/// Of a [1|B, 1|Hq, 1|Lq, Lk] tensor: 0 along an axis that is broadcast; keys are contiguous.
struct ScoreStrides {
  Int64 batch;
  Int64 head;
  Int64 row;
};

/// One call, as every kernel sees it.
struct AttentionParams {
  RowStrides q, k, v, out;
  ScoreStrides mask, bias;
  /// Of lse, statistics and other arrays of one float per query row: [B, Hq, Lq], packed [Hq, Tq]. Rows are
  /// neighbours.
  Int64 row_batch, row_head;
  Int64 alibi_batch;  ///< from batch to batch of the slopes; 0 when they are [Hq]
  KeyBand band;       ///< of all sequences alike; not used where the constant kHasSequences says otherwise
  int batch;          ///< B
  int query_heads;    ///< Hq
  int kv_heads;       ///< Hkv
  int query_length;   ///< Lq, packed Tq
  int key_length;     ///< Lk, packed Tk
  int head_dim;       ///< D, at most the kernel's width
  int value_dim;      ///< Dv, at most the kernel's width
  float scale;        ///< of q k^T, for the gradients of q and k
  float scale_log2;   ///< scale * log2(e): scores in the unit of exp2
  float cap_scale;    ///< with a softcap c: scale / c, so that a score is c * tanh(product * cap_scale)
  float cap_log2;     ///< c * log2(e)
  int offset;         ///< of the diagonal of all sequences alike: Sequence::offset
  DropoutParams dropout;
  int first_task;  ///< task of the first threadgroup; long grids come in several dispatches
};

struct GradientParams {
  RowStrides d_out, dq, dk, dv;
  /// Which heads the scratch for dS holds: query heads [first_head, first_head + heads) of the flattened B *
  /// Hq. For head_sums, `heads` says how many sums there are: Hq, or B * Hq.
  int first_head;
  int heads;
};

/// dBias, of the shape [batches, heads, rows, keys] of bias: each is 1 where bias is broadcast. The work is
/// cut by shape: a task owns a tile of dBias and goes through its share of the steps, which are the batches,
/// query heads and blocks of query rows that the tile is summed over.
struct BiasParams {
  ScoreStrides to;  ///< of dBias, or of one part of the sums
  Int64 part;       ///< floats from one part to the next
  int batches, heads, rows, keys;
  int queries;  ///< of the longest sequence
  int steps;    ///< of all parts
  int steps_per_part;
  int parts;  ///< 1: d_bias writes dBias itself; otherwise d_bias_sum adds the parts
};

/// A task of one head where sequences are packed.
struct TaskPlace {
  int sequence;
  int block;  ///< of that sequence's rows, or keys
};

FA_CONSTANT int kElementsOfT = 0;
FA_CONSTANT int kElementsFloat = 1;
FA_CONSTANT int kElementsInt8 = 2;

/// Rows of one tensor on their way to scratch, or back from it: gathered from pages, dequantised, rotated.
struct RowCopy {
  RowStrides from;  ///< of pages: batch is the distance from page to page
  RowStrides to;
  RowStrides scales;  ///< of int8 rows, otherwise as `from`
  Int64 pages_batch;  ///< from batch to batch of the block table
  Int64 positions_batch;
  Int64 cos_row, sin_row;
  int page_size;  ///< tokens; 0 unless there are pages
  int heads;      ///< of the tensor
  int columns;
  int from_elements, to_elements;
  int of_queries;     ///< non-zero: rows are those of q, otherwise of k
  int past_length;    ///< non-zero: rows of k past the length are copied, too, and not rotated
  int pairs;          ///< rotaryDim / 2; 0: nothing is rotated
  int interleaved;    ///< non-zero: pairs (2c, 2c + 1), otherwise (c, c + pairs)
  int back;           ///< non-zero: by the inverse rotation
  int has_positions;  ///< zero: row + keys - queries for q, row for k
};

/// Decode: where keys and values are that it reads in place. `batch` is from page to page where there are
/// pages, in the strides of k and v, too.
struct CacheParams {
  RowStrides k_scale, v_scale;
  Int64 pages_batch;  ///< from batch to batch of the block table
  int page_size;      ///< tokens
};

/// Decode: the keys of a row are dealt out to `splits` threadgroups, `keys_per_split` to each.
struct SplitParams {
  int splits;
  int keys_per_split;  ///< multiple of the kernel's key block
};

}  // namespace fa

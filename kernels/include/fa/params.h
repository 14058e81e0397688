// What the host hands to the Metal kernels by value. Compiled as MSL and as C++, so it holds plain data in an
// order that needs no padding.
#pragma once
#include "key_band.h"

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
  KeyBand band;
  int batch;         ///< B
  int query_heads;   ///< Hq
  int kv_heads;      ///< Hkv
  int query_length;  ///< Lq
  int key_length;    ///< Lk
  int head_dim;      ///< D, at most the kernel's width
  int value_dim;     ///< Dv, at most the kernel's width
  float scale;       ///< of q k^T, for the gradients of q and k
  float scale_log2;  ///< scale * log2(e): scores in the unit of exp2
  int first_task;    ///< task of the first threadgroup; long grids come in several dispatches
};

struct GradientParams {
  RowStrides d_out, dq, dk, dv;
  /// Which heads the scratch for dS holds: query heads [first_head, first_head + heads) of the flattened B *
  /// Hq.
  int first_head;
  int heads;
};

/// Decode: the keys of a row are dealt out to `splits` threadgroups, `keys_per_split` to each.
struct SplitParams {
  int splits;
  int keys_per_split;  ///< multiple of the kernel's key block
};

}  // namespace fa

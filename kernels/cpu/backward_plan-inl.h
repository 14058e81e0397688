// How a backward call is cut up, and the memory of one task.
#pragma once
#include "generated/tiles.h"
#include "gradient-inl.h"
#include "load-inl.h"
#include "memory-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct BackwardPlan {
  const AttentionGradients& g;
  int query_block = 0, key_block = 0;
  int64_t kv_heads = 0;  ///< over all batches
  int64_t chunks = 1, chunk_keys = 0;
  int64_t key_width = 0, value_width = 0;               ///< head_dim and value_dim in whole vectors
  bool keys_in_place = false, values_in_place = false;  ///< dK, dV are summed in the output itself
  Scratch* scratch = nullptr;
  float* partial = nullptr;  ///< [chunks][B, Hq, Lq, D] when there is more than one chunk

  int64_t tasks() const { return kv_heads * chunks; }
};

/// Key chunks per kv head: few heads are cut, so that several threads find work. Each chunk then has a dQ of
/// its own, summed at the end; long sequences have work enough for that memory to be bounded.
FA_ALWAYS_INLINE int64_t key_chunks(const Attention& a, int64_t key_block) {
  constexpr int64_t kWantedTasks = 8;
  constexpr int64_t kPartialFloats = 64 << 20;
  const int64_t kv_heads = a.batch * a.kv_heads;
  const int64_t d_queries = a.batch * a.query_heads * a.query_length * a.head_dim;
  if (kv_heads == 0 || kv_heads >= kWantedTasks) return 1;
  int64_t chunks = (kWantedTasks + kv_heads - 1) / kv_heads;
  chunks = smaller(chunks, a.key_length / (4 * key_block));
  chunks = smaller(chunks, kPartialFloats / larger<int64_t>(d_queries, 1));
  return larger<int64_t>(chunks, 1);
}

/// Depends on the shape only, never on the number of threads: so do the sums, to the bit.
FA_ALWAYS_INLINE BackwardPlan plan_backward(const AttentionGradients& g) {
  constexpr int64_t kCacheFloats = 64 * 1024;
  const Attention& a = g.forward;
  BackwardPlan p{g};
  p.query_block = fit_block(kBackwardQueryBlock, 2 * a.head_dim + a.value_dim, kCacheFloats);
  p.key_block = kBackwardKeyBlock;
  // Without rows nothing is written, however many heads a shape names.
  p.kv_heads = a.query_length == 0 && a.key_length == 0 ? 0 : a.batch * a.kv_heads;
  p.chunks = key_chunks(a, p.key_block);
  p.chunk_keys = round_up((a.key_length + p.chunks - 1) / p.chunks, p.key_block);
  if (p.chunk_keys > 0) p.chunks = (a.key_length + p.chunk_keys - 1) / p.chunk_keys;
  p.key_width = round_up(a.head_dim, kLanes);
  p.value_width = round_up(a.value_dim, kLanes);
  p.keys_in_place = a.element == Element::float32 && p.key_width == a.head_dim && g.dk.row == a.head_dim;
  p.values_in_place =
      a.element == Element::float32 && p.value_width == a.value_dim && g.dv.row == a.value_dim;
  return p;
}

struct BackwardBuffers {
  float *query_panels, *d_out_panels, *d_query_panels, *max, *inverse_sum, *delta, *out_panel;
  float *queries, *d_out, *rows, *special_row;  ///< row-major
  float *probabilities, *d_scores, *addend;
  float *strips, *key_tail, *value_tail, *keys, *values;
  float *d_keys, *d_values;
  int32_t *special_queries, *special_d_out, *special_keys;
  int64_t stride;  ///< of probabilities and d_scores

  BackwardBuffers(Carver& c, const BackwardPlan& p) {
    const Attention& a = p.g.forward;
    const int64_t key_rows = p.key_block + 16;
    stride = p.query_block + 16;  // not a power of two: rows would alias in L1
    query_panels = c.take(p.query_block * round_up(a.head_dim, kTileRows));
    d_query_panels = c.take(p.query_block * round_up(a.head_dim, kTileRows));
    d_out_panels = c.take(p.query_block * round_up(a.value_dim, kTileRows));
    max = c.take(p.query_block);
    inverse_sum = c.take(p.query_block);
    delta = c.take(p.query_block);
    out_panel = c.take(kPanelRows * round_up(a.value_dim, kTileRows));
    queries = c.take(p.query_block * p.key_width);
    d_out = c.take(p.query_block * p.value_width);
    rows = c.take(kPanelRows * larger(p.key_width, p.value_width));
    special_row = c.take(larger(p.key_width, p.value_width));
    probabilities = c.take(key_rows * stride);
    d_scores = c.take(key_rows * stride);
    addend = c.take(a.mask.data || a.bias.data ? key_rows * kPanelRows : 0);
    strips = c.take(strips_size(p.key_block, a.head_dim));
    key_tail = c.take(kTileRows * a.head_dim);
    value_tail = c.take(kTileRows * a.value_dim);
    keys = c.take(p.key_block * a.head_dim);
    values = c.take(p.key_block * a.value_dim);
    d_keys = c.take(p.keys_in_place ? 0 : p.chunk_keys * p.key_width);
    d_values = c.take(p.values_in_place ? 0 : p.chunk_keys * p.value_width);
    special_queries = reinterpret_cast<int32_t*>(c.take(p.query_block));
    special_d_out = reinterpret_cast<int32_t*>(c.take(p.query_block));
    special_keys = reinterpret_cast<int32_t*>(c.take(p.key_block));
  }
};

/// Keys [begin, end) of one kv head, and where their gradients are summed.
struct KeyChunk {
  int64_t b, kv_head, index, begin, end;
  float *d_keys, *d_values;
  int64_t d_key_stride, d_value_stride;
};

/// A block of query rows of one head.
struct QueryBlock {
  const BackwardPlan& plan;
  const Attention& a;
  const BackwardBuffers& buffers;
  const KeyChunk& chunk;
  int64_t h, row;
  int rows;
  FloatRows queries, d_out;  ///< row-major, special rows cleared
  int special_queries, special_d_out;

  int panel_rows(int p) const { return smaller(kPanelRows, rows - p * kPanelRows); }
  int64_t key_panel(int p) const { return p * kPanelRows * round_up(a.head_dim, kTileRows); }
  int64_t value_panel(int p) const { return p * kPanelRows * round_up(a.value_dim, kTileRows); }
};

FA_ALWAYS_INLINE int64_t state_index(const QueryBlock& q) { return state_index(q.a, q.chunk.b, q.h, q.row); }

}  // namespace
}  // namespace fa::cpu::FA_TARGET

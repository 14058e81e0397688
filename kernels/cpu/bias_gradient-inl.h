// dBias of any broadcast shape: a pass of its own. A task owns a tile of dBias, computes dS of every block of
// rows that reads it, and sums in a fixed order; nothing but the result is as large as Lq x Lk.
#pragma once
#include "backward_block-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// A tile is `query_block` rows (or the only one) of one head of bias, and `tile_keys` keys. The steps are
/// the blocks of query rows that read it: over the batches, heads and rows along which bias is broadcast.
struct BiasPlan {
  const BackwardPlan& backward;
  int64_t rows = 0, row_blocks = 0;  ///< of the longest sequence
  int64_t tile_keys = 0, key_tiles = 0;
  int64_t tiles = 0, steps = 0;
  int64_t parts = 1;  ///< shares of the steps: small biases have few tiles, but work for several threads
  float* partial = nullptr;  ///< [parts - 1][elements of bias]

  const int64_t* shape() const { return backward.g.bias_shape; }
  int64_t elements() const { return shape()[0] * shape()[1] * shape()[2] * shape()[3]; }
  int64_t tasks() const { return tiles * parts; }
};

constexpr int64_t kBiasTasks = 8;  // wanted, so that several threads find work

/// Biases with fewer tiles than wanted have tiles of one block of keys, which bounds the memory of the parts.
FA_ALWAYS_INLINE int64_t partial_floats(const BiasPlan& p) {
  const Attention& a = p.backward.g.forward;
  if (p.backward.g.d_bias && !a.sequences)  // shapes are not known yet
    return kBiasTasks * p.backward.query_block * p.backward.key_block;
  return (p.parts - 1) * p.elements();
}

FA_ALWAYS_INLINE BiasPlan plan_bias(const BackwardPlan& backward) {
  const Attention& a = backward.g.forward;
  BiasPlan p{backward};
  if (!backward.g.d_bias || !a.sequences || p.elements() == 0) return p;
  p.rows = a.query_length;
  if (a.packed) {
    p.rows = 0;
    for (int64_t b = 0; b < a.batch; ++b) p.rows = larger<int64_t>(p.rows, a.sequences[b].queries);
  }
  p.row_blocks = (p.rows + backward.query_block - 1) / backward.query_block;
  const bool own_rows = p.shape()[2] > 1;
  const int64_t row_tiles = p.shape()[0] * p.shape()[1] * (own_rows ? p.row_blocks : 1);
  const int64_t wanted = (kBiasTasks + row_tiles - 1) / row_tiles;
  p.tile_keys = round_up((p.shape()[3] + wanted - 1) / wanted, backward.key_block);
  p.key_tiles = (p.shape()[3] + p.tile_keys - 1) / p.tile_keys;
  p.tiles = row_tiles * p.key_tiles;
  p.steps = (p.shape()[0] > 1 ? 1 : a.batch) * (p.shape()[1] > 1 ? 1 : a.query_heads) *
            (own_rows ? 1 : p.row_blocks);
  p.parts = larger<int64_t>(1, smaller(p.steps, kBiasTasks / p.tiles));
  return p;
}

/// Adds dS of a panel, which lies [key][row], to rows of dBias.
FA_NOINLINE void add_bias_rows(const GradientPanel& p, int rows, float* to, int64_t stride) {
  for (int v = 0; v < p.cut.vectors; ++v) {
    const float* from = p.d_scores + v * kLanes;
    for (int key = p.cut.first[v]; key < p.cut.last[v]; key += kLanes) {
      const int count = smaller(kLanes, p.cut.last[v] - key);
      Vector a[kLanes];
      FA_FOR (i, kLanes) a[i] = i < count ? load(from + (key + i) * p.stride) : Vector{};
      transpose(a);
      for (int i = 0; i < smaller(kLanes, rows - v * kLanes); ++i) {
        float* row = to + (v * kLanes + i) * stride + key;
        if (count == kLanes) {
          store(row, load(row) + a[i]);
        } else {
          for (int k = 0; k < count; ++k) row[k] += a[i][k];
        }
      }
    }
  }
}

/// Adds dS of a panel, summed over its rows, to the only row of dBias.
FA_NOINLINE void add_bias_row(const GradientPanel& p, int rows, float* to) {
  for (int key = p.cut.first[0]; key < p.cut.last[p.cut.vectors - 1]; ++key) {
    double sum = 0;
    for (int v = 0; v < p.cut.vectors; ++v) {
      if (key < p.cut.first[v] || key >= p.cut.last[v]) continue;
      const Vector d = load(p.d_scores + key * p.stride + v * kLanes);
      for (int i = 0; i < smaller(kLanes, rows - v * kLanes); ++i) sum += d[i];
    }
    to[key] += static_cast<float>(sum);
  }
}

/// A tile of dBias, or of one part of it.
struct BiasTile {
  int64_t batch, head, row;  ///< of bias
  int64_t key, keys, part;
  float* data;  ///< at its first element
  int64_t stride;
};

FA_ALWAYS_INLINE BiasTile bias_tile(const BiasPlan& plan, int64_t index) {
  const int64_t* shape = plan.shape();
  BiasTile t;
  t.part = index / plan.tiles;
  int64_t tile = index % plan.tiles;
  t.key = tile % plan.key_tiles * plan.tile_keys;
  t.keys = smaller(plan.tile_keys, shape[3] - t.key);
  tile /= plan.key_tiles;
  const int64_t row_tiles = shape[2] > 1 ? plan.row_blocks : 1;
  t.row = tile % row_tiles * plan.backward.query_block;
  t.head = tile / row_tiles % shape[1];
  t.batch = tile / row_tiles / shape[1];
  t.stride = shape[3];
  float* all = t.part == 0 ? plan.backward.g.d_bias : plan.partial + (t.part - 1) * plan.elements();
  t.data = all + ((t.batch * shape[1] + t.head) * shape[2] + t.row) * shape[3] + t.key;
  return t;
}

/// Adds what a block of query rows contributes to a tile.
FA_NOINLINE void add_to_bias_tile(const BiasPlan& plan, const BiasTile& t, QueryBlock& q) {
  const KeyBand& band = q.sequence().band;
  const int64_t begin = larger(t.key, q.row + band.lo);
  const int64_t end = smaller(smaller<int64_t>(t.key + t.keys, band.keys), q.row + q.rows + band.hi);
  if (begin >= end) return;
  load_query_block(q);
  const int64_t step = plan.backward.key_block;
  for (int64_t key = begin / step * step; key < end; key += step) {
    const GradientBlock block = load_key_block(q, key, static_cast<int>(smaller(step, end - key)));
    for (int p = 0; p * kPanelRows < q.rows; ++p) {
      GradientPanel panel = open_panel(q, p, key, block.count);
      panel.options.slopes = nullptr;
      panel.options.stops_at_bias = true;
      if (!fill_panel(q, p, key, panel)) continue;
      differentiate_scores(panel, block);
      float* to = t.data + (key - t.key);
      if (plan.shape()[2] > 1) {
        add_bias_rows(panel, q.panel_rows(p), to + p * kPanelRows * t.stride, t.stride);
      } else {
        add_bias_row(panel, q.panel_rows(p), to);
      }
    }
  }
}

FA_NOINLINE void bias_task(void* context, int64_t index) {
  const BiasPlan& plan = *static_cast<const BiasPlan*>(context);
  const BackwardPlan& backward = plan.backward;
  const Attention& a = backward.g.forward;
  const int64_t* shape = plan.shape();
  const BiasTile t = bias_tile(plan, index);
  const bool own_rows = shape[2] > 1;
  for (int64_t i = 0; i < (own_rows ? smaller<int64_t>(backward.query_block, shape[2] - t.row) : 1); ++i)
    __builtin_memset(t.data + i * t.stride, 0, static_cast<size_t>(t.keys) * 4);
  float* slot = backward.scratch->take();
  Carver carver{slot};
  const BackwardBuffers buffers(carver, backward);
  const int64_t share = (plan.steps + plan.parts - 1) / plan.parts;
  for (int64_t n = t.part * share; n < smaller(plan.steps, (t.part + 1) * share); ++n) {
    int64_t step = n;
    const int64_t row = own_rows ? t.row : step % plan.row_blocks * backward.query_block;
    if (!own_rows) step /= plan.row_blocks;
    const int64_t h = shape[1] > 1 ? t.head : step % a.query_heads;
    if (shape[1] == 1) step /= a.query_heads;
    KeyChunk chunk{};
    chunk.b = shape[0] > 1 ? t.batch : step;
    chunk.kv_head = h / (a.query_heads / a.kv_heads);
    chunk.begin = t.key;
    chunk.end = t.key + t.keys;
    const int64_t rows = smaller<int64_t>(backward.query_block, a.sequences[chunk.b].queries - row);
    if (rows <= 0) continue;
    QueryBlock q{backward, a, buffers, chunk, h, row, static_cast<int>(rows), {}, {}, 0, 0};
    add_to_bias_tile(plan, t, q);
  }
  backward.scratch->give(slot);
}

FA_NOINLINE void differentiate_bias(BiasPlan& plan, const Executor& executor) {
  if (!plan.backward.g.d_bias || plan.tasks() == 0) return;
  executor.run(executor.self, plan.tasks(), bias_task, &plan);
  const int64_t elements = plan.elements();
  for (int64_t part = 1; part < plan.parts; ++part)
    for (int64_t i = 0; i < elements; ++i)
      plan.backward.g.d_bias[i] += plan.partial[(part - 1) * elements + i];
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

// Fused backward: one pass, five products. A task owns the keys of a chunk of one kv head and goes through all query rows of
// the head's group, so dK and dV are summed in one place and in one order, with no atomics.
#pragma once
#include "generated/tiles.h"
#include "gradient-inl.h"
#include "scratch.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct BackwardPlan {
  const AttentionGradients& g;
  int query_block, key_block;
  int64_t kv_heads;              ///< over all batches
  int64_t chunks, chunk_keys;
  int64_t key_width, value_width;  ///< head_dim and value_dim in whole vectors
  bool keys_in_place, values_in_place;  ///< dK, dV are summed in the output itself
  Scratch* scratch;
  float* partial;  ///< [chunks][B, Hq, Lq, D] when there is more than one chunk
};

/// Depends on the shape only, never on the number of threads: so do the sums, to the bit.
/// Few heads are cut into key chunks to give several threads work; each chunk then has a dQ of its own, summed at the end.
FA_ALWAYS_INLINE BackwardPlan plan_backward(const AttentionGradients& g) {
  constexpr int64_t kCacheFloats = 64 * 1024;
  constexpr int64_t kWantedTasks = 8;
  const Attention& a = g.forward;
  BackwardPlan p{g, fit_block(kBackwardQueryBlock, 2 * a.head_dim + a.value_dim, kCacheFloats), kBackwardKeyBlock,
                 a.batch * a.kv_heads, 1, 0, round_up(a.head_dim, kLanes), round_up(a.value_dim, kLanes), false, false,
                 nullptr, nullptr};
  const int64_t most = a.key_length / (4 * p.key_block);
  if (p.kv_heads < kWantedTasks && most > 1 && p.kv_heads > 0)
    p.chunks = smaller((kWantedTasks + p.kv_heads - 1) / p.kv_heads, most);
  p.chunk_keys = round_up((a.key_length + p.chunks - 1) / p.chunks, p.key_block);
  if (p.chunk_keys > 0) p.chunks = (a.key_length + p.chunk_keys - 1) / p.chunk_keys;
  p.keys_in_place = a.element == Element::float32 && p.key_width == a.head_dim;
  p.values_in_place = a.element == Element::float32 && p.value_width == a.value_dim;
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

FA_ALWAYS_INLINE int64_t state_index(const QueryBlock& q) {
  return (q.chunk.b * q.a.query_heads + q.h) * q.a.query_length + q.row;
}

/// panel_sum[row] = sum over d of a[d][row] * b[d][row], in the order in which the tiles multiply.
FA_ALWAYS_INLINE void dot_panels(const float* a, const float* b, int vectors, int width, float* sums) {
  for (int v = 0; v < vectors; ++v) {
    Vector total{};
    for (int run = 0; run < width; run += kRun) {
      Vector sum{};
      for (int d = run; d < smaller(width, run + kRun); ++d)
        sum += load(a + d * kPanelRows + v * kLanes) * load(b + d * kPanelRows + v * kLanes);
      total = sum + total;
    }
    store(sums + v * kLanes, total);
  }
}

/// delta = dO . O - dLse.
FA_NOINLINE void load_delta(const QueryBlock& q) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int width = static_cast<int>(a.value_dim);
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const int n = q.panel_rows(p);
    const char* from = row_address(a.out, a.element, q.chunk.b, q.h, q.row + p * kPanelRows);
    pack_panel(panel_rows(a.element, from, a.out.row, n, width, w.rows), n, width, 1.0f, w.out_panel);
    float* delta = w.delta + p * kPanelRows;
    dot_panels(w.out_panel, w.d_out_panels + q.value_panel(p), (n + kLanes - 1) / kLanes, width, delta);
    if (!q.plan.g.d_lse) continue;
    const float* d_lse = q.plan.g.d_lse + state_index(q) + p * kPanelRows;
    for (int i = 0; i < n; ++i) delta[i] -= d_lse[i];
  }
}

/// max and 1 / sum of the rows. A row that saw no key, or does not exist, gets P = 0 and delta = 0.
FA_NOINLINE void load_state(const QueryBlock& q) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const bool exact = a.row_max && a.row_sum;
  const float score_per_lse = kLog2E / score_units(a).exponent;
  for (int i = 0; i < round_up(q.rows, kPanelRows); ++i) {
    const int64_t at = state_index(q) + i;
    const bool live = i < q.rows && (exact ? a.row_sum[at] != 0 : a.lse[at] != -kInfinity);
    w.max[i] = !live ? -kLowest : exact ? a.row_max[at] : a.lse[at] * score_per_lse;
    w.inverse_sum[i] = !live ? 0.0f : exact ? 1 / a.row_sum[at] : 1.0f;
    if (!live) w.delta[i] = 0;
  }
}

/// Moves rows to `buffer` if they are not there yet, and clears those listed.
FA_NOINLINE FloatRows clear_rows(FloatRows rows, int count, const int32_t* index, int cleared, float* buffer) {
  if (rows.data != buffer)
    __builtin_memcpy(buffer, rows.data, static_cast<size_t>(count * rows.stride) * 4);
  for (int n = 0; n < cleared; ++n)
    for (int64_t d = 0; d < rows.stride; ++d) buffer[index[n] * rows.stride + d] = 0;
  return FloatRows{buffer, rows.stride};
}

FA_NOINLINE void load_query_block(QueryBlock& q) {
  // Row-major, for dK and dV
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int depth = static_cast<int>(a.head_dim), value_depth = static_cast<int>(a.value_dim);
  const Rows& d_out = q.plan.g.d_out;
  q.queries = float_rows(a.element, row_address(a.q, a.element, q.chunk.b, q.h, q.row), a.q.row, q.rows, depth,
                         q.plan.key_width, w.queries);
  q.d_out = float_rows(a.element, row_address(d_out, a.element, q.chunk.b, q.h, q.row), d_out.row, q.rows, value_depth,
                       q.plan.value_width, w.d_out);

  // Panels, for the scores
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const int64_t first = p * kPanelRows;
    const FloatRows rows{q.queries.data + first * q.queries.stride, q.queries.stride};
    const FloatRows grad{q.d_out.data + first * q.d_out.stride, q.d_out.stride};
    pack_panel(rows, q.panel_rows(p), depth, score_units(a).query, w.query_panels + q.key_panel(p));
    pack_panel(grad, q.panel_rows(p), value_depth, 1.0f, w.d_out_panels + q.value_panel(p));
  }
  const int64_t size = round_up(q.rows, kPanelRows) * round_up(a.head_dim, kTileRows);
  __builtin_memset(w.d_query_panels, 0, static_cast<size_t>(size) * 4);
  load_delta(q);
  load_state(q);

  // Rows with NaN or Inf leave the products, if some key may be hidden from them
  q.special_queries = q.special_d_out = 0;
  if (!a.mask.data && !a.bias.data && sees_all(a.band, q.row, q.rows, q.chunk.begin, q.chunk.end - q.chunk.begin)) return;
  q.special_queries = find_non_finite(q.queries, q.rows, depth, w.special_queries);
  q.special_d_out = find_non_finite(q.d_out, q.rows, value_depth, w.special_d_out);
  if (q.special_queries) q.queries = clear_rows(q.queries, q.rows, w.special_queries, q.special_queries, w.queries);
  if (q.special_d_out) q.d_out = clear_rows(q.d_out, q.rows, w.special_d_out, q.special_d_out, w.d_out);
}

FA_NOINLINE GradientBlock load_key_block(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  GradientBlock block;
  block.count = count;
  block.depth = static_cast<int>(a.head_dim);
  block.value_depth = static_cast<int>(a.value_dim);
  block.keys = float_rows(a.element, row_address(a.k, a.element, q.chunk.b, q.chunk.kv_head, key), a.k.row, count,
                          block.depth, block.depth, w.keys);
  block.values = float_rows(a.element, row_address(a.v, a.element, q.chunk.b, q.chunk.kv_head, key), a.v.row, count,
                            block.value_depth, block.value_depth, w.values);
  block.strips = w.strips;
  block.key_tail = w.key_tail;
  block.value_tail = w.value_tail;
  block.special = w.special_keys;
  block.special_count = 0;
  pack_strips(block.keys, count, block.depth, block.strips);
  if (a.mask.data || a.bias.data || !sees_all(a.band, q.row, q.rows, key, count)) {
    block.special_count = find_non_finite(block.keys, count, block.depth, w.special_keys);
    for (int n = 0; n < block.special_count; ++n) clear_strip_row(block.strips, count, block.depth, block.special[n]);
  }
  return block;
}

/// The panel sees nothing of the block.
FA_NOINLINE void hide_panel(const GradientPanel& p) {
  for (int key = 0; key < p.cut.keys; ++key) {
    for (int v = 0; v < p.cut.vectors; ++v) {
      store(p.probabilities + key * p.stride + v * kLanes, broadcast(kHiddenProbability));
      store(p.d_scores + key * p.stride + v * kLanes, Vector{});
    }
  }
}

/// P, dS and dQ of all panels; false when no query sees a key of the block.
FA_NOINLINE bool differentiate_block(const QueryBlock& q, int64_t key, const GradientBlock& block) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  bool seen = false;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const int first = p * kPanelRows;
    GradientPanel panel;
    panel.cut = cut_panel(a.band, q.row + first, q.panel_rows(p), key, block.count);
    panel.units = score_units(a);
    panel.addend = nullptr;
    panel.queries = w.query_panels + q.key_panel(p);
    panel.d_out = w.d_out_panels + q.value_panel(p);
    panel.max = w.max + first;
    panel.inverse_sum = w.inverse_sum + first;
    panel.delta = w.delta + first;
    panel.probabilities = w.probabilities + first;
    panel.d_scores = w.d_scores + first;
    panel.stride = w.stride;
    panel.d_queries = w.d_query_panels + q.key_panel(p);
    if (a.mask.data || a.bias.data) {
      const AddendSource source = addend_source(a, q.chunk.b, q.h, q.row + first, key);
      const Visibility left = fill_addend(source, panel.cut, q.panel_rows(p), w.addend);
      if (left == Visibility::nothing) {
        hide_panel(panel);
        continue;
      }
      if (left == Visibility::some) panel.addend = w.addend;
    }
    seen = true;
    differentiate_panel(panel, block);
  }
  return seen;
}

FA_NOINLINE void sum_key_gradients(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const KeyChunk& c = q.chunk;
  const PanelBand cut = cut_panel(a.band, q.row, 1, key, count);
  const KeySum values{w.probabilities, w.stride, q.d_out, c.d_values + (key - c.begin) * c.d_value_stride, c.d_value_stride,
                      count, q.rows, static_cast<int>(q.plan.value_width), cut.lo, cut.hi};
  const KeySum keys{w.d_scores, w.stride, q.queries, c.d_keys + (key - c.begin) * c.d_key_stride, c.d_key_stride,
                    count, q.rows, static_cast<int>(q.plan.key_width), cut.lo, cut.hi};
  sum_into_keys(values);
  sum_into_keys(keys);
  const Rows& d_out = q.plan.g.d_out;
  for (int n = 0; n < q.special_d_out; ++n) {
    const int i = w.special_d_out[n];
    const char* row = row_address(d_out, a.element, c.b, q.h, q.row + i);
    read_rows(a.element, row, 0, 1, static_cast<int>(a.value_dim), w.special_row, q.plan.value_width);
    add_special_query(values, w.probabilities, i, w.special_row);
  }
  for (int n = 0; n < q.special_queries; ++n) {
    const int i = w.special_queries[n];
    const char* row = row_address(a.q, a.element, c.b, q.h, q.row + i);
    read_rows(a.element, row, 0, 1, static_cast<int>(a.head_dim), w.special_row, q.plan.key_width);
    add_special_query(keys, w.probabilities, i, w.special_row);
  }
}

FA_NOINLINE void store_d_queries(const QueryBlock& q) {
  const Attention& a = q.a;
  const int width = static_cast<int>(a.head_dim);
  float scale[kPanelRows];
  for (float& x : scale) x = a.scale;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const float* panel = q.buffers.d_query_panels + q.key_panel(p);
    const int n = q.panel_rows(p);
    char* out = row_address(q.plan.g.dq, a.element, q.chunk.b, q.h, q.row + p * kPanelRows);
    if (q.plan.partial) {
      const int64_t all = a.batch * a.query_heads * a.query_length;
      float* to = q.plan.partial + (q.chunk.index * all + state_index(q) + p * kPanelRows) * width;
      unpack_panel(panel, n, width, scale, to, width);
    } else if (a.element == Element::float32) {
      unpack_panel(panel, n, width, scale, reinterpret_cast<float*>(out), q.plan.g.dq.row);
    } else {
      unpack_panel(panel, n, width, scale, q.buffers.rows, width);
      write_rows(a.element, q.buffers.rows, width, n, width, out, q.plan.g.dq.row);
    }
  }
}

/// One query block against all keys of the chunk.
FA_NOINLINE void differentiate_queries(QueryBlock& q) {
  const KeyBand& band = q.a.band;
  const int64_t begin = larger(q.chunk.begin, q.row + band.lo);
  const int64_t end = smaller(smaller<int64_t>(q.chunk.end, band.keys), q.row + q.rows + band.hi);
  if (begin >= end) {
    const int64_t size = round_up(q.rows, kPanelRows) * round_up(q.a.head_dim, kTileRows);
    __builtin_memset(q.buffers.d_query_panels, 0, static_cast<size_t>(size) * 4);
    return store_d_queries(q);
  }
  load_query_block(q);
  // Blocks start at multiples of the block size whatever the band, so that shapes alone fix the order of all sums.
  for (int64_t key = begin / q.plan.key_block * q.plan.key_block; key < end; key += q.plan.key_block) {
    const int count = static_cast<int>(smaller<int64_t>(q.plan.key_block, end - key));
    const GradientBlock block = load_key_block(q, key, count);
    if (differentiate_block(q, key, block)) sum_key_gradients(q, key, count);
  }
  store_d_queries(q);
}

FA_ALWAYS_INLINE void clear_sums(float* sums, int64_t stride, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i) __builtin_memset(sums + i * stride, 0, static_cast<size_t>(width) * 4);
}

FA_NOINLINE void scale_sums(float* sums, int64_t stride, int64_t rows, int64_t width, float scale) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t d = 0; d < width; d += kLanes) store(sums + i * stride + d, load(sums + i * stride + d) * scale);
}

FA_NOINLINE void backward_task(void* context, int64_t index) {
  // The chunk
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const BackwardBuffers buffers(carver, plan);
  const int64_t head = index % plan.kv_heads, part = index / plan.kv_heads;
  KeyChunk chunk{head / a.kv_heads, head % a.kv_heads, part, part * plan.chunk_keys, 0, buffers.d_keys, buffers.d_values,
                 plan.key_width, plan.value_width};
  chunk.end = smaller<int64_t>(a.key_length, chunk.begin + plan.chunk_keys);
  const int64_t rows = chunk.end - chunk.begin;
  char* d_keys = row_address(plan.g.dk, a.element, chunk.b, chunk.kv_head, chunk.begin);
  char* d_values = row_address(plan.g.dv, a.element, chunk.b, chunk.kv_head, chunk.begin);
  if (plan.keys_in_place) {
    chunk.d_keys = reinterpret_cast<float*>(d_keys);
    chunk.d_key_stride = plan.g.dk.row;
  }
  if (plan.values_in_place) {
    chunk.d_values = reinterpret_cast<float*>(d_values);
    chunk.d_value_stride = plan.g.dv.row;
  }
  clear_sums(chunk.d_keys, chunk.d_key_stride, rows, plan.key_width);
  clear_sums(chunk.d_values, chunk.d_value_stride, rows, plan.value_width);

  // All query rows of the group
  const int64_t group = a.query_heads / a.kv_heads;
  for (int64_t h = chunk.kv_head * group; h < (chunk.kv_head + 1) * group; ++h) {
    for (int64_t row = 0; row < a.query_length; row += plan.query_block) {
      const int count = static_cast<int>(smaller<int64_t>(plan.query_block, a.query_length - row));
      QueryBlock q{plan, a, buffers, chunk, h, row, count, {}, {}, 0, 0};
      differentiate_queries(q);
    }
  }
  scale_sums(chunk.d_keys, chunk.d_key_stride, rows, plan.key_width, a.scale);
  const int key_width = static_cast<int>(a.head_dim), value_width = static_cast<int>(a.value_dim), n = static_cast<int>(rows);
  if (!plan.keys_in_place) write_rows(a.element, chunk.d_keys, plan.key_width, n, key_width, d_keys, plan.g.dk.row);
  if (!plan.values_in_place) write_rows(a.element, chunk.d_values, plan.value_width, n, value_width, d_values, plan.g.dv.row);
  plan.scratch->give(slot);
}

constexpr int64_t kRowsPerSum = 256;

/// Sums the chunks' dQ in the order of the chunks; task = kRowsPerSum rows of one head.
FA_NOINLINE void sum_partial_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  const int64_t blocks = (a.query_length + kRowsPerSum - 1) / kRowsPerSum;
  const int64_t head = index / blocks, row = index % blocks * kRowsPerSum;
  const int64_t rows = smaller(kRowsPerSum, a.query_length - row);
  const int64_t all = a.batch * a.query_heads * a.query_length * a.head_dim;
  float* sum = plan.partial + (head * a.query_length + row) * a.head_dim;
  for (int64_t c = 1; c < plan.chunks; ++c)
    for (int64_t i = 0; i < rows * a.head_dim; ++i) sum[i] += sum[c * all + i];
  write_rows(a.element, sum, a.head_dim, static_cast<int>(rows), static_cast<int>(a.head_dim),
             row_address(plan.g.dq, a.element, head / a.query_heads, head % a.query_heads, row), plan.g.dq.row);
}

FA_ALWAYS_INLINE int64_t backward_slot(const BackwardPlan& plan) {
  Carver carver{nullptr};
  BackwardBuffers(carver, plan);
  return carver.used;
}

FA_ALWAYS_INLINE int64_t partial_floats(const BackwardPlan& plan) {
  const Attention& a = plan.g.forward;
  return plan.chunks > 1 ? plan.chunks * a.batch * a.query_heads * a.query_length * a.head_dim : 0;
}

void backward(const AttentionGradients& g, const Executor& executor) {
  BackwardPlan plan = plan_backward(g);
  const Attention& a = g.forward;
  if (plan.kv_heads == 0) return;
  Scratch scratch(backward_slot(plan), executor.threads, partial_floats(plan));
  plan.scratch = &scratch;
  if (plan.chunks > 1) plan.partial = scratch.shared();
  executor.run(executor.self, plan.kv_heads * plan.chunks, backward_task, &plan);
  if (!plan.partial) return;
  const int64_t blocks = (a.query_length + kRowsPerSum - 1) / kRowsPerSum;
  executor.run(executor.self, a.batch * a.query_heads * blocks, sum_partial_task, &plan);
}

int64_t backward_scratch(const AttentionGradients& g, int threads) {
  const BackwardPlan plan = plan_backward(g);
  return Scratch::bytes(backward_slot(plan), threads, partial_floats(plan));
}

Blocks backward_blocks(const AttentionGradients& g) {
  const BackwardPlan plan = plan_backward(g);
  return {plan.query_block, plan.key_block, plan.kv_heads * plan.chunks};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

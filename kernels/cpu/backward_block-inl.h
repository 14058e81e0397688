// A block of query rows against the keys of a chunk.
#pragma once
#include "backward_queries-inl.h"
#include "bias_gradient-inl.h"
#include "dropout-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Keys and values as rows; what P and dS are made of.
FA_NOINLINE GradientBlock load_key_block(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const KeyPlace place{q.chunk.b, q.chunk.kv_head, key, count};
  GradientBlock block;
  block.count = count;
  block.depth = static_cast<int>(a.head_dim);
  block.value_depth = static_cast<int>(a.value_dim);
  block.keys = key_rows(a, place, w.keys);
  block.values = value_rows(a, place, w.values);
  block.strips = w.strips;
  block.key_tail = w.key_tail;
  block.value_tail = w.value_tail;
  block.special = w.special_keys;
  block.special_count = 0;
  return block;
}

/// Keys as strips, for dQ.
FA_NOINLINE void pack_key_block(const QueryBlock& q, int64_t key, GradientBlock& block) {
  pack_strips(block.keys, block.count, block.depth, block.strips);
  if (!has_addend(q.a) && sees_all(q.sequence().band, q.row, q.rows, key, block.count)) return;
  block.special_count = find_non_finite(block.keys, block.count, block.depth, q.buffers.special_keys);
  for (int n = 0; n < block.special_count; ++n)
    clear_strip_row(block.strips, block.count, block.depth, block.special[n]);
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

/// Panel p of the query block against a block of keys.
FA_ALWAYS_INLINE GradientPanel open_panel(const QueryBlock& q, int p, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int first = p * kPanelRows;
  GradientPanel panel;
  panel.cut = cut_panel(q.sequence().band, q.row + first, q.panel_rows(p), key, count);
  panel.units = score_units(a);
  panel.addend = nullptr;
  panel.options.keep = nullptr;
  panel.options.derivatives = a.softcap > 0 ? w.derivatives : nullptr;
  panel.options.slopes = q.plan.g.d_alibi_slopes ? w.slopes + first : nullptr;
  panel.options.diagonal = clamp(q.row + first + q.sequence().offset - key, -kUnbounded, kUnbounded);
  panel.queries = w.query_panels + q.key_panel(p);
  panel.d_out = w.d_out_panels + q.value_panel(p);
  panel.max = w.max + first;
  panel.inverse_sum = w.inverse_sum + first;
  panel.delta = w.delta + first;
  panel.probabilities = w.probabilities + first;
  panel.d_scores = w.d_scores + first;
  panel.stride = w.stride;
  panel.d_queries = w.d_query_panels + q.key_panel(p);
  return panel;
}

/// Brings mask, bias, ALiBi and dropout to the panel; false when no row sees a key of the block.
FA_NOINLINE bool fill_panel(const QueryBlock& q, int p, int64_t key, GradientPanel& panel) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int64_t row = q.row + p * kPanelRows;
  if (has_addend(a)) {
    const AddendSource source = addend_source(a, q.chunk.b, q.h, row, key);
    const Visibility left = fill_addend(source, panel.cut, q.panel_rows(p), w.addend);
    if (left == Visibility::nothing) return false;
    if (left == Visibility::some) panel.addend = w.addend;
  }
  if (a.dropout.threshold) {
    fill_keep_factors(keep_source(a, q.chunk.b, q.h, row, key), panel.cut, w.keep);
    panel.options.keep = w.keep;
  }
  return true;
}

/// P, dS and dQ of all panels; false when no query sees a key of the block.
FA_NOINLINE bool differentiate_block(const QueryBlock& q, int64_t key, const GradientBlock& block) {
  bool seen = false;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    GradientPanel panel = open_panel(q, p, key, block.count);
    if (!fill_panel(q, p, key, panel)) {
      hide_panel(panel);
      if (q.plan.bias_written_once()) clear_bias(q, p * kPanelRows, q.panel_rows(p), key, block.count);
      continue;
    }
    seen = true;
    differentiate_scores(panel, block);
    fill_hidden(panel);
    sum_into_queries(panel, block);
    if (q.plan.g.d_bias) sum_into_bias(q, p, key, panel);
  }
  return seen;
}

FA_NOINLINE void sum_key_gradients(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const KeyChunk& c = q.chunk;
  const PanelBand cut = cut_panel(q.sequence().band, q.row, 1, key, count);
  const KeySum values{w.probabilities,  w.stride, q.d_out, c.d_values + (key - c.begin) * c.d_value_stride,
                      c.d_value_stride, count,    q.rows,  static_cast<int>(q.plan.value_width),
                      cut.lo,           cut.hi};
  const KeySum keys{w.d_scores,     w.stride, q.queries, c.d_keys + (key - c.begin) * c.d_key_stride,
                    c.d_key_stride, count,    q.rows,    static_cast<int>(q.plan.key_width),
                    cut.lo,         cut.hi};
  sum_into_keys(values);
  sum_into_keys(keys);
  for (int n = 0; n < q.special_d_out; ++n) {
    const int i = w.special_d_out[n];
    const char* row = query_address(a, q.plan.g.d_out, c.b, q.h, q.row + i);
    read_rows(a.element, row, 0, 1, static_cast<int>(a.value_dim), w.special_row, q.plan.value_width);
    add_special_query(values, w.probabilities, i, w.special_row);
  }
  for (int n = 0; n < q.special_queries; ++n) {
    const int i = w.special_queries[n];
    const FloatRows row = query_rows(a, c.b, q.h, q.row + i, 1, q.plan.key_width, w.special_row);
    add_special_query(keys, w.probabilities, i, row.data);
  }
}

/// Where the dQ of a row of a chunk waits for those of the other chunks.
FA_ALWAYS_INLINE float* partial_row(const BackwardPlan& plan, int64_t cut_chunk, int64_t h, int64_t row) {
  const Attention& a = plan.g.forward;
  const int64_t i = row - plan.phase * plan.phase_rows;
  return plan.partial + ((cut_chunk * a.query_heads + h) * plan.phase_rows + i) * a.head_dim;
}

FA_NOINLINE void store_d_queries(const QueryBlock& q) {
  const Attention& a = q.a;
  const int width = static_cast<int>(a.head_dim);
  float scale[kPanelRows];
  for (float& x : scale) x = a.scale;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const float* panel = q.buffers.d_query_panels + q.key_panel(p);
    const int n = q.panel_rows(p);
    const int64_t row = q.row + p * kPanelRows;
    char* out = query_address(a, q.plan.g.dq, q.chunk.b, q.h, row);
    if (q.chunk.cut_chunk >= 0) {
      unpack_panel(panel, n, width, scale, partial_row(q.plan, q.chunk.cut_chunk, q.h, row), width);
    } else if (a.element == Element::float32 && a.rotation.pairs == 0) {
      unpack_panel(panel, n, width, scale, reinterpret_cast<float*>(out), q.plan.g.dq.row);
    } else {
      unpack_panel(panel, n, width, scale, q.buffers.rows, width);
      if (a.rotation.pairs) rotate_queries(a, q.chunk.b, row, n, Turn::back, q.buffers.rows, width);
      write_rows(a.element, q.buffers.rows, width, n, width, out, q.plan.g.dq.row);
    }
  }
}

/// What the rows contribute to the gradient of their head's ALiBi slope.
FA_NOINLINE void store_slope_sum(const QueryBlock& q) {
  const Attention& a = q.a;
  double sum = 0;
  for (int i = 0; i < q.rows; ++i) sum += q.buffers.slopes[i];
  q.plan.slope_sums[(q.chunk.index * a.batch + q.chunk.b) * a.query_heads + q.h] -= sum;
}

/// One query block against keys [begin, end) of the chunk.
FA_NOINLINE void differentiate_range(QueryBlock& q, int64_t begin, int64_t end) {
  load_query_block(q);
  for (int64_t key = begin; key < end; key += q.plan.key_block) {
    const int count = static_cast<int>(smaller<int64_t>(q.plan.key_block, end - key));
    GradientBlock block = load_key_block(q, key, count);
    pack_key_block(q, key, block);
    if (differentiate_block(q, key, block)) sum_key_gradients(q, key, count);
  }
}

/// One query block against all keys of the chunk.
FA_NOINLINE void differentiate_queries(QueryBlock& q) {
  const KeyBand& band = q.sequence().band;
  const int64_t seen = larger(q.chunk.begin, q.row + band.lo);
  const int64_t end = smaller(smaller<int64_t>(q.chunk.end, band.keys), q.row + q.rows + band.hi);
  // Blocks start where they do whatever the band, so that shapes alone fix the order of all sums.
  const int64_t begin = seen - (seen - q.chunk.begin) % q.plan.key_block;
  if (q.plan.bias_written_once()) {
    const int64_t from = smaller(begin, q.chunk.end), to = seen < end ? end : from;
    clear_bias(q, 0, q.rows, q.chunk.begin, from - q.chunk.begin);
    clear_bias(q, 0, q.rows, to, q.chunk.end - to);
  }
  if (seen >= end) {
    const int64_t size = round_up(q.rows, kPanelRows) * round_up(q.a.head_dim, kTileRows);
    __builtin_memset(q.buffers.d_query_panels, 0, static_cast<size_t>(size) * 4);
    return store_d_queries(q);
  }
  q.plan.differentiate(q, begin, end);
  store_d_queries(q);
  if (q.plan.g.d_alibi_slopes) store_slope_sum(q);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

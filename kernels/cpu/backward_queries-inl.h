// What the backward needs of a block of query rows: Q, dO, softmax state and delta, in both layouts.
#pragma once
#include "backward_plan-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

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
    const char* from = query_address(a, a.out, q.chunk.b, q.h, q.row + p * kPanelRows);
    pack_panel(float_rows(a.element, from, a.out.row, n, width, width, w.rows), n, width, 1.0f, w.out_panel);
    float* delta = w.delta + p * kPanelRows;
    dot_panels(w.out_panel, w.d_out_panels + q.value_panel(p), (n + kLanes - 1) / kLanes, width, delta);
    if (!q.plan.g.d_lse) continue;
    const float* d_lse = q.plan.g.d_lse + state_index(a, q.chunk.b, q.h, q.row + p * kPanelRows);
    for (int i = 0; i < n; ++i) delta[i] -= d_lse[i];
  }
}

/// max and 1 / sum of the rows. A row that saw no key, or does not exist, gets P = 0 and delta = 0.
FA_NOINLINE void load_state(const QueryBlock& q) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const bool exact = a.row_max && a.row_sum;
  const float score_per_lse = kLog2E / score_units(a).exponent;
  const int64_t first = state_index(a, q.chunk.b, q.h, q.row);
  for (int i = 0; i < round_up(q.rows, kPanelRows); ++i) {
    const int64_t at = first + i;
    const bool live = i < q.rows && (exact ? a.row_sum[at] != 0 : a.lse[at] != -kInfinity);
    w.max[i] = !live ? -kLowest : exact ? a.row_max[at] : a.lse[at] * score_per_lse;
    w.inverse_sum[i] = !live ? 0.0f : exact ? 1 / a.row_sum[at] : 1.0f;
    if (!live) w.delta[i] = 0;
  }
}

/// Moves rows to `buffer` if they are not there yet, and clears those listed.
FA_NOINLINE FloatRows clear_rows(FloatRows rows, int count, const int32_t* index, int cleared,
                                 float* buffer) {
  if (rows.data != buffer) __builtin_memcpy(buffer, rows.data, static_cast<size_t>(count * rows.stride) * 4);
  for (int n = 0; n < cleared; ++n)
    for (int64_t d = 0; d < rows.stride; ++d) buffer[index[n] * rows.stride + d] = 0;
  return FloatRows{buffer, rows.stride};
}

/// Rows with NaN or Inf leave the products, if some key may be hidden from them.
FA_NOINLINE void clear_special_queries(QueryBlock& q, FloatRows& queries, FloatRows& d_out) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  q.special_queries = q.special_d_out = 0;
  if (!has_addend(a) &&
      sees_all(q.sequence().band, q.row, q.rows, q.chunk.begin, q.chunk.end - q.chunk.begin))
    return;
  q.special_queries = find_non_finite(queries, q.rows, static_cast<int>(a.head_dim), w.special_queries);
  q.special_d_out = find_non_finite(d_out, q.rows, static_cast<int>(a.value_dim), w.special_d_out);
  if (q.special_queries)
    queries = clear_rows(queries, q.rows, w.special_queries, q.special_queries, w.queries);
  if (q.special_d_out) d_out = clear_rows(d_out, q.rows, w.special_d_out, q.special_d_out, w.d_out);
}

FA_NOINLINE void load_query_block(QueryBlock& q) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int depth = static_cast<int>(a.head_dim), value_depth = static_cast<int>(a.value_dim);
  const Rows& all = q.plan.g.d_out;
  FloatRows queries = query_rows(a, q.chunk.b, q.h, q.row, q.rows, q.plan.key_width, w.queries);
  FloatRows d_out = float_rows(a.element, query_address(a, all, q.chunk.b, q.h, q.row), all.row, q.rows,
                               value_depth, q.plan.value_width, w.d_out);

  // Panels, for the scores
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const int64_t first = p * kPanelRows;
    const FloatRows rows{queries.data + first * queries.stride, queries.stride};
    const FloatRows grad{d_out.data + first * d_out.stride, d_out.stride};
    pack_panel(rows, q.panel_rows(p), depth, score_units(a).query, w.query_panels + q.key_panel(p));
    pack_panel(grad, q.panel_rows(p), value_depth, 1.0f, w.d_out_panels + q.value_panel(p));
  }
  const int64_t size = round_up(q.rows, kPanelRows) * round_up(a.head_dim, kTileRows);
  __builtin_memset(w.d_query_panels, 0, static_cast<size_t>(size) * 4);
  load_delta(q);
  load_state(q);
  if (q.plan.g.d_alibi_slopes) __builtin_memset(w.slopes, 0, static_cast<size_t>(q.plan.query_block) * 4);

  // Rows, for dK and dV
  clear_special_queries(q, queries, d_out);
  q.queries = cut_columns(queries, q.rows, q.plan.key_width, w.query_pieces);
  q.d_out = cut_columns(d_out, q.rows, q.plan.value_width, w.d_out_pieces);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

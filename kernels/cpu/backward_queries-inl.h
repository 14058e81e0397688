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

FA_NOINLINE void load_query_block(QueryBlock& q) {
  // Row-major, for dK and dV
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const int depth = static_cast<int>(a.head_dim), value_depth = static_cast<int>(a.value_dim);
  const Rows& d_out = q.plan.g.d_out;
  q.queries = query_rows(a, q.chunk.b, q.h, q.row, q.rows, q.plan.key_width, w.queries);
  q.d_out = float_rows(a.element, query_address(a, d_out, q.chunk.b, q.h, q.row), d_out.row, q.rows,
                       value_depth, q.plan.value_width, w.d_out);

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
  if (q.plan.g.d_alibi_slopes) __builtin_memset(w.slopes, 0, static_cast<size_t>(q.plan.query_block) * 4);

  // Rows with NaN or Inf leave the products, if some key may be hidden from them
  q.special_queries = q.special_d_out = 0;
  if (!has_addend(a) &&
      sees_all(q.sequence().band, q.row, q.rows, q.chunk.begin, q.chunk.end - q.chunk.begin))
    return;
  q.special_queries = find_non_finite(q.queries, q.rows, depth, w.special_queries);
  q.special_d_out = find_non_finite(q.d_out, q.rows, value_depth, w.special_d_out);
  if (q.special_queries)
    q.queries = clear_rows(q.queries, q.rows, w.special_queries, q.special_queries, w.queries);
  if (q.special_d_out) q.d_out = clear_rows(q.d_out, q.rows, w.special_d_out, q.special_d_out, w.d_out);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

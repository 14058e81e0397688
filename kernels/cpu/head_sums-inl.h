// Gradients that are one number per head, summed in doubles and in a fixed order: dAlibiSlopes from what the
// tasks of the backward left, dSinks from the rows.
#pragma once
#include "backward_block-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Of rows padded with zeros to whole vectors. In doubles, because large terms may cancel.
FA_NOINLINE double dot_rows(const float* a, const float* b, int64_t width) {
  double sums[4] = {};
  for (int64_t d = 0; d < width; d += 4)
    FA_FOR (i, 4) sums[i] += static_cast<double>(a[d + i]) * b[d + i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// The sink's share of a row's denominator. Statistics give it more exactly than lse, unless their sum is too
/// large for a float.
FA_ALWAYS_INLINE double sink_probability(const Attention& a, double sink, int64_t at) {
  if (!a.row_max || !a.row_sum || !(a.row_sum[at] < kInfinity)) return __builtin_exp(sink - a.lse[at]);
  return __builtin_exp(sink - static_cast<double>(score_units(a).natural) * a.row_max[at]) / a.row_sum[at];
}

/// dSinks of one head of one sequence.
FA_NOINLINE void sink_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  const int64_t b = index / a.query_heads, h = index % a.query_heads;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const BackwardBuffers w(carver, plan);
  const int width = static_cast<int>(a.value_dim);
  double sum = 0;
  for (int64_t row = 0; row < a.sequences[b].queries; row += kPanelRows) {
    const int rows = static_cast<int>(smaller<int64_t>(kPanelRows, a.sequences[b].queries - row));
    const char* out = query_address(a, a.out, b, h, row);
    const char* d_out = query_address(a, plan.g.d_out, b, h, row);
    read_rows(a.element, out, a.out.row, rows, width, w.rows, plan.value_width);
    read_rows(a.element, d_out, plan.g.d_out.row, rows, width, w.d_out, plan.value_width);
    for (int i = 0; i < rows; ++i) {
      const int64_t at = state_index(a, b, h, row + i);
      if (a.lse[at] == -kInfinity) continue;
      double delta =
          dot_rows(w.rows + i * plan.value_width, w.d_out + i * plan.value_width, plan.value_width);
      if (plan.g.d_lse) delta -= plan.g.d_lse[at];
      sum -= sink_probability(a, a.sinks[h], at) * delta;
    }
  }
  plan.sink_sums[index] = sum;
  plan.scratch->give(slot);
}

FA_ALWAYS_INLINE void clear_slope_sums(const BackwardPlan& plan) {
  const Attention& a = plan.g.forward;
  if (!plan.g.d_alibi_slopes) return;
  for (int64_t i = 0; i < plan.chunks * a.batch * a.query_heads; ++i) plan.slope_sums[i] = 0;
}

FA_NOINLINE void finish_slopes(const BackwardPlan& plan) {
  const Attention& a = plan.g.forward;
  const int64_t all = a.batch * a.query_heads;
  const bool shared = a.alibi_batch == 0;  // slopes [Hq]
  for (int64_t head = 0; head < (shared ? a.query_heads : all); ++head) {
    double sum = 0;
    for (int64_t at = head; at < all; at += shared ? a.query_heads : all)
      for (int64_t c = 0; c < plan.chunks; ++c) sum += plan.slope_sums[c * all + at];
    plan.g.d_alibi_slopes[head] = static_cast<float>(sum);
  }
}

FA_NOINLINE void differentiate_sinks(BackwardPlan& plan, const Executor& executor) {
  const Attention& a = plan.g.forward;
  if (!plan.g.d_sinks) return;
  const bool rows = a.query_length > 0;
  if (rows) executor.run(executor.self, a.batch * a.query_heads, sink_task, &plan);
  for (int64_t h = 0; h < a.query_heads; ++h) {
    double sum = 0;
    for (int64_t b = 0; rows && b < a.batch; ++b) sum += plan.sink_sums[b * a.query_heads + h];
    plan.g.d_sinks[h] = static_cast<float>(sum);
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

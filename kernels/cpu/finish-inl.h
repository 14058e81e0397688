// The end of a row's softmax: denominator, the sink's share of it, lse.
#pragma once
#include "score-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// State of the rows of a panel.
struct SoftmaxRows {
  const float *max, *sum;
};

struct FinishedRow {
  float sum;      ///< of exp(score - max), the sink's included
  float inverse;  ///< what the unnormalised output is multiplied by
  float lse;      ///< natural units
};

/// The sink joins last, in doubles: rows do not start from it, because its own would be rounded by the change
/// of units, and lse of a row that sees no key is the sink itself.
FA_ALWAYS_INLINE FinishedRow add_sink(double sink, double max, float sum) {
  // A sink of +Inf is no weight among others: it makes the row NaN, as such a score does.
  // Where no key is visible it is all there is, also when it lies below the maximum that rows start from.
  const bool alone = sum == 0 && sink == sink;
  const double weight = sink == __builtin_inf() ? __builtin_nan("")
                        : alone                 ? __builtin_inf()
                                                : __builtin_exp(sink - max);
  FinishedRow f;
  f.lse = static_cast<float>(weight < sum ? max + __builtin_log(sum + weight)
                                          : sink + __builtin_log1p(sum / weight));
  f.sum = static_cast<float>(sum + weight);  // infinite where the sink leaves nothing: probabilities of 0
  f.inverse = sum == 0 ? 0 : 1 / f.sum;
  return f;
}

/// Of the softmax state of a row of head h.
FA_ALWAYS_INLINE FinishedRow finish_row(const Attention& a, int64_t h, float max, float sum) {
  const double natural = score_units(a).natural;  // double: the product must not be rounded before the sum
  if (a.sinks && a.sinks[h] != -kInfinity) return add_sink(a.sinks[h], natural * max, sum);
  if (sum == 0) return FinishedRow{sum, 0, -kInfinity};
  return FinishedRow{sum, 1 / sum, static_cast<float>(natural * max + __builtin_logf(sum))};
}

/// lse of one row and what the backward needs, at its state_index.
FA_ALWAYS_INLINE void store_state(const Attention& a, float max, const FinishedRow& f, int64_t at) {
  if (a.lse) a.lse[at] = f.lse;
  if (a.row_max) a.row_max[at] = max;
  if (a.row_sum) a.row_sum[at] = f.sum;
}

/// Finishes and stores `count` rows of head h, the first at state_index `at`; `inverse` gets a factor for
/// each row of the panel.
FA_NOINLINE void finish_rows(const Attention& a, int64_t h, int64_t at, int count, const SoftmaxRows& rows,
                             float* inverse) {
  for (int i = 0; i < kPanelRows; ++i) inverse[i] = 0;
  for (int i = 0; i < count; ++i) {
    const FinishedRow f = finish_row(a, h, rows.max[i], rows.sum[i]);
    inverse[i] = f.inverse;
    store_state(a, rows.max[i], f, at + i);
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

// The end of a row's softmax: denominator, the sink's share of it, lse.
#pragma once
#include "score-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct FinishedRows {
  float sum[kPanelRows];      ///< of exp(score - max), the sink's included
  float inverse[kPanelRows];  ///< what the unnormalised output is multiplied by
  float lse[kPanelRows];      ///< natural units
};

/// The sink joins last, in doubles: rows do not start from it, because its own would be rounded by the change
/// of units, and lse of a row that sees no key is the sink itself.
FA_ALWAYS_INLINE void add_sink(double sink, double max, int i, FinishedRows& f) {
  const float sum = f.sum[i];
  // A sink of +Inf is no weight among others: it makes the row NaN, as such a score does.
  // Where no key is visible it is all there is, also when it lies below the maximum that rows start from.
  const bool alone = sum == 0 && sink == sink;
  const double weight = sink == __builtin_inf() ? __builtin_nan("")
                        : alone                 ? __builtin_inf()
                                                : __builtin_exp(sink - max);
  f.lse[i] = static_cast<float>(weight < sum ? max + __builtin_log(sum + weight)
                                             : sink + __builtin_log1p(sum / weight));
  f.sum[i] = static_cast<float>(sum + weight);  // infinite where the sink leaves nothing: probabilities of 0
  f.inverse[i] = sum == 0 ? 0 : 1 / f.sum[i];
}

/// Of the softmax state of a panel's rows, those of head h.
FA_NOINLINE void finish_rows(const Attention& a, int64_t h, const float* max, const float* sum,
                             FinishedRows& f) {
  const double natural = score_units(a).natural;  // double: the product must not be rounded before the sum
  const bool sink = a.sinks && a.sinks[h] != -kInfinity;
  for (int i = 0; i < kPanelRows; ++i) {
    f.sum[i] = sum[i];
    f.inverse[i] = sum[i] == 0 ? 0 : 1 / sum[i];
    f.lse[i] = sum[i] == 0 ? -kInfinity : static_cast<float>(natural * max[i] + __builtin_logf(sum[i]));
    if (sink) add_sink(a.sinks[h], natural * max[i], i, f);
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

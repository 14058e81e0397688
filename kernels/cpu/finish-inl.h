// The end of a row's softmax: denominator, the sink's share of it, lse.
#pragma once
#include "score-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct FinishedRows {
  float max[kPanelRows];      ///< in units of the kernels' own; lowest where no key was visible
  float sum[kPanelRows];      ///< of exp(score - max), the sink's included
  float inverse[kPanelRows];  ///< what the unnormalised output is multiplied by
  float top[kPanelRows];      ///< natural units; what `total` refers to, where a sink is the largest
  float total[kPanelRows];    ///< sum of exp(score - largest of scores and sink)
  Bits sink_is_top[kPanelVectors];
  double natural;

  float lse(int i) const {
    if (total[i] == 0) return -kInfinity;
    // In double: the product must not be rounded before the sum.
    const double largest = sink_is_top[i / kLanes][i % kLanes] ? double{top[i]} : natural * max[i];
    return static_cast<float>(largest + __builtin_logf(total[i]));
  }
};

/// The sink joins last, in natural units: rows do not start from it, because its own would be rounded by the
/// change of units, and lse of a row that sees no key is the sink itself.
FA_ALWAYS_INLINE void add_sink(float sink, float natural, int v, FinishedRows& f) {
  const int at = v * kLanes;
  const Vector sum = load(f.sum + at);
  const Bits empty = sum == 0.0f;
  const Vector max = select(empty, broadcast(-kInfinity), load(f.max + at) * natural);
  const Vector top = maximum(max, broadcast(sink));
  const Vector share = exp2((max - top) * kLog2E);
  const Vector total = sum * share + exp2((sink - top) * kLog2E);
  f.sink_is_top[v] = ~(max > sink);
  store(f.top + at, top);
  store(f.total + at, total);
  store(f.inverse + at, select(empty, Vector{}, share / total));
  store(f.sum + at, total / share);  // infinite where the sink leaves nothing: probabilities of 0
}

/// Of the softmax state of a panel's rows, those of head h.
FA_NOINLINE void finish_rows(const Attention& a, int64_t h, const float* max, const float* sum,
                             FinishedRows& f) {
  const float natural = score_units(a).natural;
  f.natural = natural;
  for (int v = 0; v < kPanelVectors; ++v) {
    const int at = v * kLanes;
    const Vector total = load(sum + at);
    store(f.max + at, load(max + at));
    store(f.sum + at, total);
    store(f.total + at, total);
    store(f.inverse + at, select(total == 0.0f, Vector{}, 1.0f / total));
    f.sink_is_top[v] = Bits{};
    if (a.sinks && a.sinks[h] != -kInfinity) add_sink(a.sinks[h], natural, v, f);
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

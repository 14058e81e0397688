// Running softmax of the query rows that one simdgroup owns.
#pragma once
#include "fragment.h"
#include "numbers.h"

namespace fa {
using namespace metal;

/// A finite sink in the unit of scores. The lowest float, some people's "no sink", stays finite.
METAL_FUNC float sink_log2(float sink) { return clamp(sink * kLog2E, kLowest, -kLowest); }

/// What a row writes as lse. A row that saw nothing but its sink has that, to the bit.
METAL_FUNC float lse_of(float largest, float sum, float sink) {
  if (has_sinks && is_finite(sink) && sum == 1 && largest == sink_log2(sink)) return sink;
  return log_of(largest, sum);
}

/// Of a lane's row. Scores arrive in units of log2.
struct OnlineSoftmax {
  float largest;  ///< of the row
  float sum;      ///< of this lane's share of the row; of the row after finish()

  METAL_FUNC void reset() {
    largest = kLowest;
    sum = 0;
  }

  /// Begins with a sink, minus infinity being none: a score without a value, in the share of one lane of the
  /// row.
  METAL_FUNC void reset(float sink, bool holds_sink) {
    reset();
    if (sink == -INFINITY) return;
    const bool finite = is_finite(sink);
    if (finite) largest = sink_log2(sink);
    if (holds_sink) sum = finite ? 1.0f : NAN;
  }

  /// Turns scores into probabilities that are not normalised, rounded for the matrix unit.
  /// @returns what the caller multiplies the row of its accumulator by
  template <typename T, int count>
  METAL_FUNC float absorb(thread const Fragment<float> (&scores)[count],
                          thread Fragment<T> (&probabilities)[count]) {
    float next = largest;
#pragma unroll
    for (int k = 0; k < count; ++k) {
      const vec<float, 2> s = elements(scores[k]);
      next = max(next, max(s[0], s[1]));
    }
    next = row_max(next);
    // Never 0: that would turn an infinite sum into NaN.
    const float factor = exp2_of(max(largest - next, -126.0f));
    largest = next;
    sum *= factor;
#pragma unroll
    for (int k = 0; k < count; ++k) {
      const vec<float, 2> s = elements(scores[k]);
      // A product and a difference, not one fma: the largest score must come out as 1 to the bit.
      const float first = exp2_of(s[0] - next), second = exp2_of(s[1] - next);
      sum += first + second;
      elements(probabilities[k]) = vec<T, 2>(T(first), T(second));
    }
    return factor;
  }

  /// After the last block, by all lanes.
  METAL_FUNC void finish() { sum = row_sum(sum); }
};

}  // namespace fa

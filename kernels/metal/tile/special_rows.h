// NaN and infinity in a traversed row that not every own row can see. In the matrix unit 0 * NaN would reach
// all of them, so such elements are staged as zero and added here, pair by visible pair.
#pragma once
#include "stage.h"
#include "visibility.h"

namespace fa {
using namespace metal;

/// Which rows of the staged block hold such elements: a word from each simdgroup that staged.
template <int simdgroups>
struct SpecialRows {
  threadgroup uint* words;

  /// By all threads of a simdgroup, before the barrier that ends the staging.
  METAL_FUNC void tell(uint rows, ushort simdgroup, Lane lane) const {
    rows = simd_or(rows);
    if (lane.index == 0) words[simdgroup] = rows;
  }
  /// After that barrier.
  METAL_FUNC uint rows() const {
    uint all = 0;
    for (int i = 0; i < simdgroups; ++i) all |= words[i];
    return all;
  }
};

/// What element `column` of an own row is multiplied by, from the lane that holds it. All lanes take part.
template <typename T, int count>
METAL_FUNC float weight_of(thread const Fragment<T> (&weights)[count], int column, Lane lane) {
  float weight = 0;
#pragma unroll
  for (int k = 0; k < count; ++k)
    if (k == column / 8) weight = float(one_of(elements(weights[k]), column % 2));
  return simd_shuffle(weight, lane_holding(lane.row, column % 8));
}

/// accumulators += weight * row, where the row is not finite. `row` is the device's copy.
template <typename T, int count>
METAL_FUNC void add_special_row(thread Fragment<float> (&accumulators)[count], float weight,
                                const device T* row, int dim, Lane lane) {
  // Rolled, although accumulators need a constant index: loads for all of them at once would take registers
  // that the usual path does not have.
#pragma unroll(1)
  for (int d = 0; d < count; ++d) {
    const int column = 8 * d + lane.column;
    const vec<T, 2> two = read_two(row + column, dim - column);
    const float first = is_finite(float(two[0])) ? 0.0f : weight * float(two[0]);
    const float second = is_finite(float(two[1])) ? 0.0f : weight * float(two[1]);
#pragma unroll
    for (int n = 0; n < count; ++n)
      if (n == d) elements(accumulators[n]) += vec<float, 2>(first, second);
  }
}

}  // namespace fa

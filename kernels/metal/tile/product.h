// The products of a simdgroup's own rows with a staged block.
#pragma once
#include "stage.h"

namespace fa {
using namespace metal;

/// products[r][n] = own rows of fragment r times the transpose of the block's rows of fragment n.
template <int width, int own_place, typename T, typename Block, int rows, int count>
METAL_FUNC void multiply_transposed(thread Fragment<float> (&products)[rows][count],
                                    thread const OwnRows<T, width, own_place> (&own)[rows],
                                    thread const Block& block) {
#pragma unroll
  for (int r = 0; r < rows; ++r)
#pragma unroll
    for (int n = 0; n < count; ++n) products[r][n] = zero_fragment<float>();
  // Rows in registers need a constant index; otherwise a short loop is kinder to the instruction cache.
#pragma unroll(own_place == kOwnInRegisters ? width / 8 : 2)
  for (int d = 0; d < width / 8; ++d) {
    Fragment<T> left[rows];
#pragma unroll
    for (int r = 0; r < rows; ++r) left[r] = own[r].load(d);
#pragma unroll
    for (int n = 0; n < count; ++n) {
      const Fragment<T> right = block.transposed(n, d);
#pragma unroll
      for (int r = 0; r < rows; ++r)
        simdgroup_multiply_accumulate(products[r][n], left[r], right, products[r][n]);
    }
  }
}

/// sums[r][d] += weights[r][n] times columns d of the block's rows of fragment n.
template <typename T, typename Block, int rows, int count, int columns>
METAL_FUNC void multiply(thread Fragment<float> (&sums)[rows][columns],
                         thread const Fragment<T> (&weights)[rows][count], thread const Block& block) {
#pragma unroll
  for (int d = 0; d < columns; ++d)
#pragma unroll
    for (int n = 0; n < count; ++n) {
      const Fragment<T> right = block.load(n, d);
#pragma unroll
      for (int r = 0; r < rows; ++r)
        simdgroup_multiply_accumulate(sums[r][d], weights[r][n], right, sums[r][d]);
    }
}

}  // namespace fa

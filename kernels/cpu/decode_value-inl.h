// Probabilities times values where value columns lie along the lanes.
#pragma once
#include "stored-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Output rows are [vectors_of(width)][kLanes]: the last vector may repeat columns of the one before.
struct ValueSum {
  const StoredRows& values;
  int64_t width;
  int first, last;       ///< keys
  const float* weights;  ///< [row][kDecodeKeyBlock]; those of int8 values have their scale
  float* output;         ///< [row][output_stride]
  int64_t output_stride;
  Ahead& ahead;
};

/// output[row] += sum over keys of weights[row][key] * values[key], kVectors vectors of columns from `vector`
/// on.
template <Stored kStored, int kRows, int kVectors>
FA_ALWAYS_INLINE void sum_values(const ValueSum& s, int vector) {
  constexpr int kLines = (kVectors * kLanes * static_cast<int>(size_of(kStored)) + 63) / 64;
  Ahead next = s.ahead;
  int column[kVectors];
  FA_FOR (v, kVectors) column[v] = column_of(vector + v, s.width);
  for (int from = s.first; from < s.last; from += kRun) {
    const int to = smaller(from + kRun, s.last);
    Vector sums[kRows][kVectors];
    FA_FOR (i, kRows)
      FA_FOR (v, kVectors) sums[i][v] = Vector{};
    for (int k = from; k < to; ++k) {
      Vector value[kVectors];
      FA_FOR (v, kVectors) value[v] = load_stored<kStored>(s.values, k, column[v]);
      next.fetch<kLines>();
      FA_FOR (i, kRows) {
        const Vector weight = broadcast(s.weights[i * kDecodeKeyBlock + k]);
        FA_FOR (v, kVectors) sums[i][v] += weight * value[v];
      }
    }
    FA_FOR (i, kRows) {
      FA_FOR (v, kVectors) {
        float* to_row = s.output + i * s.output_stride + (vector + v) * kLanes;
        store(to_row, load(to_row) + sums[i][v]);
      }
    }
  }
  s.ahead = next;
}

template <Stored kStored, int kRows>
FA_NOINLINE void sum_values(const ValueSum& s) {
  constexpr int kWide = kRegisters == 32 ? 4 : 2;
  const int vectors = vectors_of(s.width);
  int vector = 0;
  for (; vector + kWide <= vectors; vector += kWide) sum_values<kStored, kRows, kWide>(s, vector);
  for (; vector < vectors; ++vector) sum_values<kStored, kRows, 1>(s, vector);
}

/// Weights of int8 values take their scales, once for all columns.
FA_NOINLINE void scale_weights(const StoredRows& values, int rows, int keys, float* weights) {
  for (int i = 0; i < rows; ++i, weights += kDecodeKeyBlock)
    for (int k = 0; k < keys; k += kLanes) store(weights + k, load(weights + k) * load(values.scale + k));
}

/// Values that hold NaN or Inf and that some row may not see are not part of a ValueSum: 0 * NaN would reach
/// that row. This adds one of them to a row that sees it.
FA_NOINLINE void add_value(const StoredRows& values, int key, int64_t width, float weight, float* output) {
  with_stored(values.stored, [&]<Stored kStored>() FA_INLINE_LAMBDA {
    const float scale = kStored == Stored::int8 ? values.scale[key] : 1;
    for (int n = 0; n < vectors_of(width); ++n) {
      float* to = output + n * kLanes;
      store(to, load(to) + load_stored<kStored>(values, key, column_of(n, width)) * scale * weight);
    }
  });
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

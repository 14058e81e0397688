// The sums over query rows: dV += P^T dO and dK += dS^T Q.
#pragma once
#include "tile-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct KeySum {
  const float* weights;  ///< P^T or dS^T, [keys][weight_stride]
  int64_t weight_stride;
  FloatRows rows;  ///< dO or Q, padded with zeros to whole vectors
  float* sums;     ///< [keys][sum_stride]
  int64_t sum_stride;
  int keys, queries, width;
  int lo, hi;  ///< key k is visible to query r of the block iff r + lo <= k <= r + hi
};

constexpr int kKeyTileRows = 6;  // 6 x 4 vectors (6 x 2 with 16 registers) of accumulators
constexpr int kKeyTileVectors = kRegisters == 32 ? 4 : 2;

template <int kVectors>
FA_NOINLINE void sum_into_keys(const KeySum& s, int column) {
  for (int key = 0; key < s.keys; key += kKeyTileRows) {
    const int count = smaller(kKeyTileRows, s.keys - key);
    const int begin = larger(0, key - s.hi) / kLanes * kLanes;
    const int end = smaller(s.queries, key + kKeyTileRows - s.lo);
    if (begin >= end) continue;
    float* sums = s.sums + key * s.sum_stride + column;
    const float* weights = s.weights + key * s.weight_stride + begin;
    multiply_tile<kKeyTileRows, kVectors, Broadcast::rows>(
        end - begin, weights, s.weight_stride, s.rows.data + begin * s.rows.stride + column, s.rows.stride,
        weights, [&](Sums<kKeyTileRows, kVectors>& t) FA_INLINE_LAMBDA {
          FA_FOR (i, kKeyTileRows) {
            float* to = sums + i * s.sum_stride;
            if (i < count) {
              FA_FOR (v, kVectors) store(to + v * kLanes, load(to + v * kLanes) + t[i][v]);
            }
          }
        });
  }
}

/// sums[key][d] += sum over queries of weights[key][query] * rows[query][d].
FA_NOINLINE void sum_into_keys(const KeySum& s) {
  int column = 0;
  for (; column + kKeyTileVectors * kLanes <= s.width; column += kKeyTileVectors * kLanes)
    sum_into_keys<kKeyTileVectors>(s, column);
  if constexpr (kKeyTileVectors > 2) {
    for (; column + 2 * kLanes <= s.width; column += 2 * kLanes) sum_into_keys<2>(s, column);
  }
  for (; column < s.width; column += kLanes) sum_into_keys<1>(s, column);
}

/// The part of one query row that holds NaN or Inf and was cleared in `rows`: only the keys that it sees get
/// it.
FA_NOINLINE void add_special_query(const KeySum& s, const float* probabilities, int query, const float* row) {
  const int begin = larger(0, query + s.lo), end = smaller(s.keys, query + s.hi + 1);
  for (int key = begin; key < end; ++key) {
    const int64_t at = key * s.weight_stride + query;
    if (__builtin_signbit(probabilities[at]) && probabilities[at] == 0) continue;
    for (int d = 0; d < s.width; d += kLanes) {
      float* sums = s.sums + key * s.sum_stride + d;
      store(sums, load(sums) + s.weights[at] * load(row + d));
    }
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET

// The sums over query rows: dV += P^T dO and dK += dS^T Q.
#pragma once
#include "tile-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

constexpr int kPieceColumns = 64;

/// Rows of dO or Q in pieces of kPieceColumns columns, [piece][row][column], padded with zeros to whole
/// vectors. Rows of 512 bytes and more would put a run of them into half of the L1 cache's sets.
struct ColumnPieces {
  const float* data;
  int64_t stride;  ///< from row to row of a piece
  int64_t piece;   ///< from piece to piece

  FA_ALWAYS_INLINE const float* at(int row, int column) const {
    return data + column / kPieceColumns * piece + row * stride + column % kPieceColumns;
  }
};

/// In place where one piece holds all columns; `buffer` has room for whole pieces.
FA_NOINLINE ColumnPieces cut_columns(FloatRows rows, int count, int64_t width, float* buffer) {
  if (width <= kPieceColumns) return ColumnPieces{rows.data, rows.stride, kPieceColumns};
  const ColumnPieces pieces{buffer, kPieceColumns, int64_t{count} * kPieceColumns};
  for (int i = 0; i < count; ++i) {
    const float* from = rows.data + i * rows.stride;
    for (int d = 0; d < width; d += kLanes)
      store(buffer + d / kPieceColumns * pieces.piece + i * kPieceColumns + d % kPieceColumns,
            load(from + d));
  }
  return pieces;
}

struct KeySum {
  const float* weights;  ///< P^T or dS^T, [keys][weight_stride]
  int64_t weight_stride;
  ColumnPieces rows;  ///< dO or Q
  float* sums;        ///< [keys][sum_stride]
  int64_t sum_stride;
  int keys, queries, width;
  int lo, hi;  ///< key k is visible to query r of the block iff r + lo <= k <= r + hi
};

constexpr int kKeyTileRows = 6;  // 6 x 4 vectors (6 x 2 with 16 registers) of accumulators
constexpr int kKeyTileVectors = kRegisters == 32 ? 4 : 2;
/// Queries that are summed at a time: their columns stay in the L1 cache while all keys go by, and a longer
/// sum would be less exact.
constexpr int kKeyRun = 96;

/// Adds the products of queries [begin, end) of a run to the sums of one tile of keys.
template <int kVectors>
FA_ALWAYS_INLINE void sum_run_into_keys(const KeySum& s, int column, int key, int begin, int end) {
  const float* weights = s.weights + key * s.weight_stride + begin;
  const Operands<Broadcast::rows> operands{weights, s.weight_stride, s.rows.at(begin, column), s.rows.stride,
                                           weights};
  Sums<kKeyTileRows, kVectors> t;
  if (end - begin == kKeyRun) {  // nearly always, and the compiler then knows the length
    multiply_whole_run<kKeyRun>(operands, t);
  } else {
    multiply_run(end - begin, operands, t);
  }
  float* to = s.sums + key * s.sum_stride + column;
  const int count = smaller(kKeyTileRows, s.keys - key);
  FA_FOR (i, kKeyTileRows) {
    if (i < count) {
      FA_FOR (v, kVectors) {
        float* sum = to + i * s.sum_stride + v * kLanes;
        store(sum, load(sum) + t[i][v]);
      }
    }
  }
}

template <int kVectors>
FA_NOINLINE void sum_into_keys(const KeySum& s, int column) {
  for (int run = 0; run < s.queries; run += kKeyRun) {
    for (int key = 0; key < s.keys; key += kKeyTileRows) {
      const int begin = larger(run, (key - s.hi) & -kLanes);
      const int end = smaller(smaller(s.queries, run + kKeyRun), key + kKeyTileRows - s.lo);
      if (begin < end) sum_run_into_keys<kVectors>(s, column, key, begin, end);
    }
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

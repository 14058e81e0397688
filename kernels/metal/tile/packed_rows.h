// Few query rows: those of all heads that share a kv head are counted through and fill fragments together, so
// that K and V are read once for the group. What is read from device memory goes straight to registers.
#pragma once
#include "task.h"
#include "visibility.h"

namespace fa {
using namespace metal;

/// The query rows of one kv head. Row r is row r % queries of its head r / queries; in [B, Hq, Lq] arrays
/// they are neighbours.
struct PackedRows {
  int batch;
  int kv_head;
  int first_head;  ///< query head of row 0
  int queries;     ///< Lq
  int count;       ///< group * Lq
  Int64 start;     ///< of row 0 in a [B, Hq, Lq] array
  Sequence sequence;

  /// `all_kv_heads` counts through all batches.
  METAL_FUNC void open(constant AttentionParams& p, thread const TaskInputs& inputs, int all_kv_heads) {
    const int group = p.query_heads / p.kv_heads;
    batch = all_kv_heads / p.kv_heads;
    kv_head = all_kv_heads % p.kv_heads;
    first_head = kv_head * group;
    queries = p.query_length;
    count = group * queries;
    start = Int64(all_kv_heads) * count;
    open_sequence(sequence, p, inputs, batch);
  }
  METAL_FUNC int head(int row) const { return first_head + row / queries; }
  METAL_FUNC int query(int row) const { return row % queries; }

  /// Where a row starts in a [B, Hq, Lq, ...] tensor.
  METAL_FUNC Int64 offset(RowStrides strides, int row) const {
    return batch * strides.batch + head(row) * strides.head + query(row) * strides.row;
  }
  /// Where the head of K or V starts.
  METAL_FUNC Int64 kv_offset(RowStrides strides) const {
    return batch * strides.batch + kv_head * strides.head;
  }

  /// Opens the scores of a row's head.
  METAL_FUNC void open(thread HeadScores& scores, thread const ScoreInputs& inputs,
                       constant AttentionParams& p, int row) const {
    scores.open(p, inputs, sequence, batch, head(row));
  }
};

/// Columns are taken in groups of 16: four lanes have four neighbours each, two for each of two fragments.
/// Which columns form a fragment does not matter as long as both factors agree.
FA_CONSTANT int kGroupColumns = 16;

FA_INLINE constexpr int column_groups(int width) { return (width + kGroupColumns - 1) / kGroupColumns; }

/// First of a lane's four columns.
METAL_FUNC int share_column(int group, thread const Lane& lane) {
  return group * kGroupColumns + 2 * lane.column;
}

/// A lane's four elements of a row with room for `width` columns, of which `dim` exist.
template <int width, typename T>
METAL_FUNC vec<T, 4> read_share(const device T* row, int column, int dim) {
  if (width % kGroupColumns != 0 && column >= width) return vec<T, 4>(T(0));
  return read_four(row + column, dim - column);
}

template <int width, typename T>
METAL_FUNC void write_share(device T* row, int column, int dim, vec<float, 4> x) {
  if (width % kGroupColumns != 0 && column >= width) return;
  if (aligned) {
    *reinterpret_cast<device vec<T, 4>*>(row + column) = vec<T, 4>(T(x[0]), T(x[1]), T(x[2]), T(x[3]));
    return;
  }
#pragma unroll
  for (int e = 0; e < 4; ++e)
    if (column + e < dim) row[column + e] = T(x[e]);
}

/// Two fragments side by side: a column group of eight rows.
struct ColumnGroup {
  Fragment<float> low, high;

  METAL_FUNC void reset() { low = high = zero_fragment<float>(); }
  METAL_FUNC void scale(float factor) {
    elements(low) *= factor;
    elements(high) *= factor;
  }
  METAL_FUNC vec<float, 4> share() const { return vec<float, 4>(elements(low), elements(high)); }

  /// += weights * rows, of which the lane has a share.
  template <typename T>
  METAL_FUNC void multiply_add(Fragment<T> weights, vec<T, 4> rows) {
    Fragment<T> left, right;
    elements(left) = rows.xy;
    elements(right) = rows.zw;
    simdgroup_multiply_accumulate(low, weights, left, low);
    simdgroup_multiply_accumulate(high, weights, right, high);
  }

  /// The same pair by pair, for rows of which take_special() left what is NaN or infinite: in the matrix unit
  /// 0 * NaN would reach every row. Hidden pairs have the weight -0; `zero` is what a visible weight of 0
  /// stands for: 1 where only rounding can have made it 0.
  template <typename T>
  METAL_FUNC void add_special(Fragment<T> weights, vec<T, 4> rows, thread const Lane& lane, float zero = 0) {
    const vec<float, 4> share = vec<float, 4>(rows);
    const vec<float, 2> own = vec<float, 2>(elements(weights));
    for (short k = 0; k < 8; ++k) {
      const vec<float, 4> row = simd_shuffle(share, lane_holding(k, lane.column));
      const float weight = simd_shuffle(one_of(own, k % 2), lane_holding(lane.row, k));
      if (is_hidden(weight)) continue;
      const float factor = weight == 0 ? zero : weight;
      elements(low) += factor * row.xy;
      elements(high) += factor * row.zw;
    }
  }
};

/// Makes the weights of hidden pairs -0.
template <typename T, int count>
METAL_FUNC void mark_hidden(thread Fragment<T> (&weights)[count],
                            thread const Fragment<float> (&scores)[count]) {
#pragma unroll
  for (int f = 0; f < count; ++f) {
#pragma unroll
    for (int e = 0; e < 2; ++e)
      if (elements(scores[f])[e] == -INFINITY) elements(weights[f])[e] = hidden_weight<T>();
  }
}

/// Elements of a share that are NaN or infinite; the others, and those taken out, are zero.
template <typename T>
METAL_FUNC vec<T, 4> take_special(thread vec<T, 4>& share) {
  vec<T, 4> special = vec<T, 4>(T(0));
#pragma unroll
  for (int e = 0; e < 4; ++e) {
    if (is_finite(float(share[e]))) continue;
    special[e] = share[e];
    share[e] = T(0);
  }
  return special;
}

}  // namespace fa

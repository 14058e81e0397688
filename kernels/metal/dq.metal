// dQ = scale * dS K. A simdgroup owns its query rows; keys and values go by, and P and dS are computed anew.
// dS leaves the accumulators as the left operand of the last product.
#include "tile/gradient.h"

namespace fa {
using namespace metal;

/// What a simdgroup holds while the keys pass by.
template <typename T, int width, int value_width, typename Tile>
struct QueryGradient {
  using Keys = StagedRows<T, Tile::kBlock, width, RowPad<T, width>::kReadBothWays>;
  using Values = StagedRows<T, Tile::kBlock, value_width, RowPad<T, value_width>::kReadBothWays>;
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;
  typedef Fragment<float> Products[kRowFragments][kBlockFragments];

  Lane lane;
  int first;  ///< row of the head
  int count;  ///< rows that exist; may be zero or less
  OwnRows<T, width, Tile::kOwn> queries[kRowFragments];
  OwnRows<T, value_width, Tile::kOwn> d_out[kRowFragments];
  RowTerms terms[kRowFragments];
  Fragment<T> d_scores[kRowFragments][kBlockFragments];
  Fragment<float> sums[kRowFragments][width / 8];

  METAL_FUNC QueryGradient(Lane of_lane, int first_row, int row_count)
      : lane(of_lane), first(first_row), count(min(Tile::kRows, row_count)) {}

  /// The row of the head that this lane holds of fragment `r`. Past the end it is the last row once more,
  /// which is then not written.
  METAL_FUNC int row(int r) const { return max(first + min(8 * r + lane.row, count - 1), 0); }

  /// `row_terms` are those of the head, `rows` the distance from one term to the next.
  METAL_FUNC void open(HeadRows<T> q, HeadRows<T> from_d_out, const device float* row_terms, Int64 rows) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      queries[r].open(q.row(row(r)), q.dim, lane);
      d_out[r].open(from_d_out.row(row(r)), from_d_out.dim, lane);
      const device float* of_row = row_terms + row(r);
      terms[r] = RowTerms{of_row[0], of_row[rows], of_row[2 * rows]};
#pragma unroll
      for (int d = 0; d < width / 8; ++d) sums[r][d] = zero_fragment<float>();
    }
  }

  /// dS of the block. True when multiply_visible has to be used with it.
  METAL_FUNC bool differentiate(thread const HeadScores& head, Keys keys, Values values, int first_key,
                                bool plain) {
    Products products, d_p;
    multiply_transposed(products, queries, keys);
    multiply_transposed(d_p, d_out, values);
    if (!plain) return weigh<false>(head, products, d_p, first_key);
    return weigh<true>(head, products, d_p, first_key);
  }

  template <bool plain>
  METAL_FUNC bool weigh(thread const HeadScores& head, thread const Products& products,
                        thread const Products& d_p, int first_key) {
    bool special = false;
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
#pragma unroll
      for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const float product = elements(products[r][n])[e];
          const int key = first_key + 8 * n + lane.column + e;
          const float score = plain ? product * head.scale_log2 : head.score(product, row(r), key);
          const bool is_special = !plain && !is_finite(product);
          const bool hidden = !plain && is_hidden(head, score, is_special, row(r), key);
          PairWeights<T> pair;
          pair.set(score, elements(d_p[r][n])[e], terms[r], !plain);
          if (hidden) pair.hide();
          elements(d_scores[r][n])[e] = pair.d_score;
          special = special || (hidden && is_special);
        }
    return !plain && simd_any(special);
  }

  METAL_FUNC void accumulate(Keys keys, bool special) {
    if (special) {
      multiply_visible(sums, d_scores, keys, lane);
    } else {
      multiply(sums, d_scores, keys);
    }
  }

  METAL_FUNC void write(device T* d_q, int stride, int dim, float scale) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      if (8 * r + lane.row < count) write_row(d_q + Int64(row(r)) * stride, dim, lane, sums[r], scale);
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void dq(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* row_terms [[buffer(binding::kRowTerms)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    device T* d_q [[buffer(binding::kDq)]], constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], uint thread_index [[thread_index_in_threadgroup]],
    ushort simdgroup [[simdgroup_index_in_threadgroup]], ushort lane_index [[thread_index_in_simdgroup]]) {
  using Rows = QueryGradient<T, width, value_width, Tile>;
  threadgroup vec<T, 4> staged_keys[Rows::Keys::kVectors];
  threadgroup vec<T, 4> staged_values[Rows::Values::kVectors];
  const typename Rows::Keys keys{single_elements(staged_keys)};
  const typename Rows::Values values{single_elements(staged_values)};

  // Own rows
  const Task task = query_task(p, group, Tile::kGroupRows);
  const int kv_head = kv_head_of(p, task.head);
  const int group_first = task.block * Tile::kGroupRows, first = group_first + simdgroup * Tile::kRows;
  const HeadRows<T> from_k = head_rows(k, p.k, task.batch, kv_head, p.band.keys, p.head_dim);
  const HeadRows<T> from_v = head_rows(v, p.v, task.batch, kv_head, p.band.keys, p.value_dim);
  Rows rows(Lane(lane_index), first, p.query_length - first);
  rows.open(head_rows(q, p.q, task.batch, task.head, p.query_length, p.head_dim),
            head_rows(d_out, g.d_out, task.batch, task.head, p.query_length, p.value_dim),
            row_terms + task.first_row(p), Int64(p.batch) * p.query_heads * p.query_length);
  HeadScores head;
  head.open(p, task.batch, task.head);
  if (has_mask) head.mask = mask;
  if (has_bias) head.bias = bias;

  // Key blocks
  const int group_count = min(Tile::kGroupRows, p.query_length - group_first);
  const KeyBlocks of_group = key_blocks(p.band, group_first, group_count, Tile::kBlock);
  const KeyBlocks own = key_blocks(p.band, first, rows.count, Tile::kBlock);
  for (int block = of_group.seen.begin; block < of_group.seen.end; ++block) {
    // Stage keys
    threadgroup_barrier(mem_flags::mem_threadgroup);  // all have used the block before
    keys.template stage<Tile::kThreads>(from_k, block * Tile::kBlock, thread_index);
    values.template stage<Tile::kThreads>(from_v, block * Tile::kBlock, thread_index);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the block is there
    if (!own.see(block)) continue;

    // Add gradients
    const bool special = rows.differentiate(head, keys, values, block * Tile::kBlock, own.are_plain(block));
    rows.accumulate(keys, special);
  }
  rows.write(d_q + task.batch * g.dq.batch + task.head * g.dq.head, int(g.dq.row), p.head_dim, p.scale);
}

}  // namespace fa

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
  int first;  ///< row of the sequence
  int count;  ///< rows that exist; may be zero or less
  OwnRows<T, width, Tile::kOwn> queries[kRowFragments];
  OwnRows<T, value_width, Tile::kOwn> d_out[kRowFragments];
  RowTerms terms[kRowFragments];
  Fragment<T> d_scores[kRowFragments][kBlockFragments];
  Fragment<float> sums[kRowFragments][width / 8];
  float slope_terms[kRowFragments];  ///< this lane's share

  METAL_FUNC QueryGradient(Lane of_lane, int first_row, int row_count)
      : lane(of_lane), first(first_row), count(min(Tile::kRows, row_count)) {}

  /// The row of the sequence that this lane holds of fragment `r`. Past the end it is the last row once more,
  /// which is then not written.
  METAL_FUNC int row(int r) const { return max(first + min(8 * r + lane.row, count - 1), 0); }

  METAL_FUNC void open(thread const QueryHead<T>& head) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      queries[r].open(head.q.row(row(r)), head.q.dim, lane);
      d_out[r].open(head.d_out.row(row(r)), head.d_out.dim, lane);
      terms[r] = head.terms(row(r));
      slope_terms[r] = 0;
#pragma unroll
      for (int d = 0; d < width / 8; ++d) sums[r][d] = zero_fragment<float>();
    }
  }

  /// dS of the block. True when multiply_visible has to be used with it.
  METAL_FUNC bool differentiate(thread const QueryHead<T>& head, Keys keys, Values values, int first_key,
                                bool plain) {
    Products products, d_p;
    multiply_transposed(products, queries, keys);
    multiply_transposed(d_p, d_out, values);
    if (!plain) return weigh<false>(head, products, d_p, first_key);
    return weigh<true>(head, products, d_p, first_key);
  }

  template <bool plain>
  METAL_FUNC bool weigh(thread const QueryHead<T>& head, thread const Products& products,
                        thread const Products& d_p, int first_key) {
    thread const HeadScores& scores = head.scores;
    bool special = false;
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      uint kept = 0;
      if (has_dropout) kept = head.dropout.template kept_keys<kBlockFragments>(row(r), first_key, lane);
#pragma unroll
      for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const float product = elements(products[r][n])[e],
                      capped = plain ? product : scores.capped(product);
          const int key = first_key + 8 * n + lane.column + e;
          const float score =
              plain ? product * scores.scale_log2 : scores.score_of_capped(capped, row(r), key);
          const bool is_special = !plain && !is_finite(product);
          const bool hidden = !plain && is_hidden(scores, score, is_special, row(r), key);
          PairWeights<T> pair;
          pair.set(score, elements(d_p[r][n])[e], terms[r],
                   keep_factors(*head.dropout.params, is_kept(kept, n, e)),
                   plain ? 1.0f : scores.cap_derivative(capped), !plain);
          if (hidden) pair.hide();
          elements(d_scores[r][n])[e] = pair.d_score;
          special = special || (hidden && is_special);
          if (sums_slopes && !hidden) slope_terms[r] += pair.d_addend * scores.distance(row(r), key);
        }
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

  /// `to` is that of the sequence's first row.
  METAL_FUNC void write_slope_terms(device float* to) const {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const float sum = row_sum(slope_terms[r]);
      if (8 * r + lane.row < count && lane.column == 0) to[row(r)] = sum;
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void dq(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* row_terms [[buffer(binding::kRowTerms)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    const device TaskPlace* places [[buffer(binding::kTaskList), function_constant(is_packed)]],
    device T* d_q [[buffer(binding::kDq)]],
    device float* slope_terms [[buffer(binding::kSlopeTerms), function_constant(sums_slopes)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], uint thread_index [[thread_index_in_threadgroup]],
    ushort simdgroup [[simdgroup_index_in_threadgroup]], ushort lane_index [[thread_index_in_simdgroup]]) {
  using Rows = QueryGradient<T, width, value_width, Tile>;
  threadgroup vec<T, 4> staged_keys[Rows::Keys::kVectors];
  threadgroup vec<T, 4> staged_values[Rows::Values::kVectors];
  const typename Rows::Keys keys{single_elements(staged_keys)};
  const typename Rows::Values values{single_elements(staged_values)};
  GradientInputs<T> inputs{q, d_out, row_terms, {}};
  if (has_mask) inputs.scores.mask = mask;
  if (has_bias) inputs.scores.bias = bias;
  if (has_alibi) inputs.scores.alibi_slopes = slopes;
  TaskInputs task_inputs;
  if (has_sequences) task_inputs.sequences = sequences;
  if (is_packed) task_inputs.places = places;

  // Own rows
  Task task;
  task.open_queries(p, task_inputs, group, Tile::kGroupRows);
  const QueryHead<T> head(p, g, inputs, task, task.head);
  const int group_first = task.block * Tile::kGroupRows, first = group_first + simdgroup * Tile::kRows;
  Rows rows(Lane(lane_index), first, task.sequence.queries - first);
  rows.open(head);

  // Key blocks
  const int kv_head = kv_head_of(p, task.head);
  const HeadRows<T> from_k = key_rows(k, p.k, task, kv_head, p.head_dim);
  const HeadRows<T> from_v = key_rows(v, p.v, task, kv_head, p.value_dim);
  const int group_count = min(Tile::kGroupRows, task.sequence.queries - group_first);
  const KeyBlocks of_group = key_blocks(task.sequence.band, group_first, group_count, Tile::kBlock);
  const KeyBlocks own = key_blocks(task.sequence.band, first, rows.count, Tile::kBlock);
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
  rows.write(d_q + query_offset(g.dq, task, task.head), int(g.dq.row), p.head_dim, p.scale);
  if (sums_slopes) rows.write_slope_terms(slope_terms + task.first_row(p, task.head));
}

}  // namespace fa

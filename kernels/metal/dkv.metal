// dV = P^T dOut and dK = scale * dS^T Q. A simdgroup owns its key rows and works transposed: S^T = K Q^T, so
// that P^T and dS^T leave the accumulators as left operands. Nothing is scattered, and no two simdgroups add
// to one sum; the query heads that share a kv head go by one after another.
#include "tile/gradient.h"

namespace fa {
using namespace metal;

/// Query rows that all simdgroups of a threadgroup go through together.
template <typename T, int width, int value_width, typename Tile>
struct QueryBlock {
  using Queries = StagedRows<T, Tile::kBlock, width, RowPad<T, width>::kReadBothWays>;
  using DOut = StagedRows<T, Tile::kBlock, value_width, RowPad<T, value_width>::kReadBothWays>;
  Queries queries;
  DOut d_out;
  threadgroup float* terms;  ///< [3][block]: shift, inverse, delta

  METAL_FUNC RowTerms of_row(int row) const {
    return RowTerms{terms[row], terms[Tile::kBlock + row], terms[2 * Tile::kBlock + row]};
  }

  METAL_FUNC void stage(thread const QueryHead<T>& head, int first, uint thread_index) const {
    queries.template stage<Tile::kThreads>(head.q, first, thread_index);
    d_out.template stage<Tile::kThreads>(head.d_out, first, thread_index);
    for (int i = int(thread_index); i < 3 * Tile::kBlock; i += Tile::kThreads) {
      const int row = first + i % Tile::kBlock;
      terms[i] = row < head.q.rows ? head.row_terms[i / Tile::kBlock * head.all_rows + row] : 0.0f;
    }
  }
};

/// Blocks of query rows that see keys of the threadgroup, and of a simdgroup.
struct RowRanges {
  KeyBlocks of_group, own;
  uint thread_index;
};

/// What a simdgroup holds while the query rows pass by.
template <typename T, int width, int value_width, typename Tile>
struct KeyGradients {
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;
  static constant constexpr bool kSumsDk = (Tile::kPass & kPassDk) != 0;
  static constant constexpr bool kSumsDv = (Tile::kPass & kPassDv) != 0;
  using Block = QueryBlock<T, width, value_width, Tile>;
  typedef Fragment<float> Products[kRowFragments][kBlockFragments];

  Lane lane;
  int first;  ///< key
  OwnRows<T, width, Tile::kOwn> keys[kRowFragments];
  OwnRows<T, value_width, Tile::kOwn> values[kRowFragments];
  Fragment<T> p[kRowFragments][kBlockFragments];
  Fragment<T> d_scores[kRowFragments][kBlockFragments];
  Fragment<float> d_keys[kRowFragments][width / 8];
  Fragment<float> d_values[kRowFragments][value_width / 8];

  METAL_FUNC KeyGradients(Lane of_lane, int first_key) : lane(of_lane), first(first_key) {}

  METAL_FUNC int key(int r) const { return first + 8 * r + lane.row; }

  /// Past the last key, its row once more: no pair with it is visible, and what exists of it is written as
  /// zero.
  METAL_FUNC void open(HeadRows<T> k, HeadRows<T> v) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const int row = max(min(key(r), k.rows - 1), 0);
      keys[r].open(k.row(row), k.dim, lane);
      values[r].open(v.row(row), v.dim, lane);
#pragma unroll
      for (int d = 0; d < width / 8; ++d) d_keys[r][d] = zero_fragment<float>();
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) d_values[r][d] = zero_fragment<float>();
    }
  }

  /// P^T and dS^T of the block. True when multiply_visible has to be used with them.
  METAL_FUNC bool differentiate(thread const QueryHead<T>& head, thread const Block& block, int first_row,
                                bool plain) {
    Products products, d_p;
    multiply_transposed(products, keys, block.queries);
    if (kSumsDk) multiply_transposed(d_p, values, block.d_out);
    if (!plain) return weigh<false>(head, block, products, d_p, first_row);
    return weigh<true>(head, block, products, d_p, first_row);
  }

  template <bool plain>
  METAL_FUNC bool weigh(thread const QueryHead<T>& head, thread const Block& block,
                        thread const Products& products, thread const Products& d_p, int first_row) {
    thread const HeadScores& scores = head.scores;
    uint kept[kRowFragments] = {};
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      if (has_dropout) kept[r] = head.dropout.template kept_rows<kBlockFragments>(first_row, key(r), lane);
    bool special = false;
#pragma unroll
    for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int column = 8 * n + lane.column + e, row = first_row + column;
        const bool exists = plain || row < head.q.rows;
        const RowTerms terms = block.of_row(column);
#pragma unroll
        for (int r = 0; r < kRowFragments; ++r) {
          const float product = elements(products[r][n])[e],
                      capped = plain ? product : scores.capped(product);
          const bool is_special = !plain && !(is_finite(product) && is_finite(terms.delta));
          float score = product * scores.scale_log2;
          if (!plain) score = exists ? scores.score_of_capped(capped, row, key(r)) : -INFINITY;
          const bool hidden = !plain && (!exists || is_hidden(scores, score, is_special, row, key(r)));
          PairWeights<T> pair;
          pair.set(score, kSumsDk ? elements(d_p[r][n])[e] : 0.0f, terms,
                   keep_factors(*head.dropout.params, is_kept(kept[r], n, e)),
                   plain ? 1.0f : scores.cap_derivative(capped), !plain || stores_d_scores);
          if (hidden) pair.hide();
          elements(p[r][n])[e] = pair.p;
          elements(d_scores[r][n])[e] = pair.d_score;
          special = special || (hidden && is_special);
        }
      }
    return !plain && simd_any(special);
  }

  METAL_FUNC void accumulate(thread const Block& block, bool special) {
    if (special) {
      if (kSumsDv) multiply_visible(d_values, p, block.d_out, lane);
      if (kSumsDk) multiply_visible(d_keys, d_scores, block.queries, lane);
    } else {
      if (kSumsDv) multiply(d_values, p, block.d_out);
      if (kSumsDk) multiply(d_keys, d_scores, block.queries);
    }
  }

  /// Keeps dS at `rows`, the block's first row in the scratch. Columns up to the next multiple of eight
  /// exist.
  METAL_FUNC void keep_d_scores(device T* rows, int count, int stride) {
#pragma unroll
    for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int row = 8 * n + lane.column + e;
        if (row >= count) continue;
#pragma unroll
        for (int r = 0; r < kRowFragments; ++r)
          if (key(r) < stride) rows[Int64(row) * stride + key(r)] = elements(d_scores[r][n])[e];
      }
  }

  /// Adds what the query rows of one head contribute, block by block. `kept_of_head` is where the dS of its
  /// first row is kept.
  METAL_FUNC void add_head(thread const QueryHead<T>& head, thread const Block& block,
                           thread const RowRanges& ranges, device T* kept_of_head, int stride) {
    for (int b = ranges.of_group.seen.begin; b < ranges.of_group.seen.end; ++b) {
      const int first_row = b * Tile::kBlock;

      // Stage queries
      threadgroup_barrier(mem_flags::mem_threadgroup);  // all have used the block before
      block.stage(head, first_row, ranges.thread_index);
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the block is there
      if (!ranges.own.see(b)) continue;

      // Add gradients
      const bool special = differentiate(head, block, first_row, ranges.own.are_plain(b));
      accumulate(block, special);
      if (stores_d_scores)
        keep_d_scores(kept_of_head + Int64(first_row) * stride, head.q.rows - first_row, stride);
    }
  }

  /// One of the two gradients to the head whose row 0 is `rows`, of which `count` keys and `dim` columns
  /// exist.
  template <int columns>
  METAL_FUNC void write(thread const Fragment<float> (&gradients)[kRowFragments][columns], device T* rows,
                        int stride, int count, int dim, float factor) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      if (key(r) < count) write_row(rows + Int64(key(r)) * stride, dim, lane, gradients[r], factor);
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void dkv(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* row_terms [[buffer(binding::kRowTerms)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    const device TaskPlace* places [[buffer(binding::kTaskList), function_constant(is_packed)]],
    device T* d_k [[buffer(binding::kDk)]], device T* d_v [[buffer(binding::kDv)]],
    device T* kept [[buffer(binding::kDScores), function_constant(stores_d_scores)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], uint thread_index [[thread_index_in_threadgroup]],
    ushort simdgroup [[simdgroup_index_in_threadgroup]], ushort lane_index [[thread_index_in_simdgroup]]) {
  using Keys = KeyGradients<T, width, value_width, Tile>;
  threadgroup vec<T, 4> staged_queries[Keys::Block::Queries::kVectors];
  threadgroup vec<T, 4> staged_d_out[Keys::Block::DOut::kVectors];
  threadgroup float staged_terms[3 * Tile::kBlock];
  const typename Keys::Block block{
      {single_elements(staged_queries)}, {single_elements(staged_d_out)}, staged_terms};
  GradientInputs<T> inputs{q, d_out, row_terms, {}};
  if (has_mask) inputs.scores.mask = mask;
  if (has_bias) inputs.scores.bias = bias;
  if (has_alibi) inputs.scores.alibi_slopes = slopes;
  TaskInputs task_inputs;
  if (has_sequences) task_inputs.sequences = sequences;
  if (is_packed) task_inputs.places = places;

  // Own keys
  Task task;
  open_keys(task, p, g, task_inputs, group);
  const int group_first = task.block * Tile::kGroupRows, first = group_first + simdgroup * Tile::kRows;
  Keys keys(Lane(lane_index), first);
  keys.open(key_rows(k, p.k, task, task.head, p.head_dim), key_rows(v, p.v, task, task.head, p.value_dim));

  // Query heads
  const RowRanges ranges{
      row_blocks(task.sequence.band, task.sequence.queries, group_first, Tile::kGroupRows, Tile::kBlock),
      row_blocks(task.sequence.band, task.sequence.queries, first, Tile::kRows, Tile::kBlock), thread_index};
  const int per_head = p.query_heads / p.kv_heads;
  for (int h = task.head * per_head; h < (task.head + 1) * per_head; ++h) {
    device T* kept_of_head = nullptr;
    if (stores_d_scores) kept_of_head = kept + kept_offset(p, g, task.first_row(p, h));
    const QueryHead<T> head(p, g, inputs, task, h);
    keys.add_head(head, block, ranges, kept_of_head, kept_stride(p));
  }
  d_k += key_offset(g.dk, task, task.head);
  d_v += key_offset(g.dv, task, task.head);
  const int count = task.sequence.stored_keys;
  if (Keys::kSumsDk) keys.write(keys.d_keys, d_k, int(g.dk.row), count, p.head_dim, p.scale);
  if (Keys::kSumsDv) keys.write(keys.d_values, d_v, int(g.dv.row), count, p.value_dim, kept_factor(p));
}

}  // namespace fa

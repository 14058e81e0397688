// Forward: out = softmax(q k^T) v by online softmax over blocks of keys. A simdgroup owns its query rows; the
// simdgroups of a threadgroup share the staged keys and values, one after the other in the same memory.
//
// In the matrix unit 0 times NaN or infinity is NaN, in rows that cannot see that value, too. So a
// threadgroup that ends with an unexpected NaN starts again and takes care of such values one by one.
#include "tile/dropout.h"
#include "tile/product.h"
#include "tile/softmax.h"
#include "tile/special_rows.h"
#include "tile/task.h"
#include "tile/visibility.h"

namespace fa {
using namespace metal;

/// Keys and values of one kv head, as the threads of a threadgroup stage them.
template <typename T, int width, int value_width, typename Tile>
struct KeyValueBlocks {
  using Keys = StagedRows<T, Tile::kBlock, width, RowPad<T, width>::kReadBothWays>;
  using Values = StagedRows<T, Tile::kBlock, value_width, RowPad<T, value_width>::kReadAsRows>;
  static constant constexpr int kVectors =
      Keys::kVectors > Values::kVectors ? Keys::kVectors : Values::kVectors;

  HeadRows<T> from_keys, from_values;
  Keys keys;
  Values values;  ///< in the same memory
  SpecialRows<Tile::kSimdgroups> special;
  uint thread_index;
  ushort simdgroup;

  METAL_FUNC void stage_keys(int first) {
    keys.template stage<Tile::kThreads>(from_keys, first, thread_index);
  }
  METAL_FUNC void stage_values(int first) {
    values.template stage<Tile::kThreads>(from_values, first, thread_index);
  }
  METAL_FUNC void stage_finite_values(int first, Lane lane) {
    special.tell(values.template stage_finite<Tile::kThreads>(from_values, first, thread_index), simdgroup,
                 lane);
  }
};

/// What a simdgroup holds while the keys pass by.
template <typename T, int width, int value_width, typename Tile>
struct QueryRows {
  using Blocks = KeyValueBlocks<T, width, value_width, Tile>;
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;

  Lane lane;
  int first;  ///< row of the sequence
  int count;  ///< rows that exist; may be zero or less
  HeadScores head;
  Dropout dropout;
  float sink;  ///< of the head
  OwnRows<T, width, Tile::kOwn> queries[kRowFragments];
  Fragment<T> probabilities[kRowFragments][kBlockFragments];
  Fragment<float> sums[kRowFragments][value_width / 8];
  OnlineSoftmax softmax[kRowFragments];

  METAL_FUNC QueryRows(Lane of_lane, int first_row, int row_count, Dropout of_head)
      : lane(of_lane), first(first_row), count(min(Tile::kRows, row_count)), dropout(of_head) {}

  /// The row of the sequence that this lane holds of fragment `r`. Past the end it is the last row once more,
  /// which is then not written.
  METAL_FUNC int row(int r) const { return first + min(8 * r + lane.row, count - 1); }
  METAL_FUNC bool exists(int r) const { return 8 * r + lane.row < count; }

  METAL_FUNC void open(HeadRows<T> from) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) queries[r].open(from.row(row(r)), from.dim, lane);
  }

  METAL_FUNC void reset() {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      if (has_sinks) {
        softmax[r].reset(sink, lane.column == 0);
      } else {
        softmax[r].reset();
      }
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) sums[r][d] = zero_fragment<float>();
    }
  }

  /// Probabilities of the block. In a plain block every pair is visible and has nothing added.
  METAL_FUNC void attend(typename Blocks::Keys keys, int first_key, bool plain) {
    Fragment<float> scores[kRowFragments][kBlockFragments];
    multiply_transposed(scores, queries, keys);
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
#pragma unroll
      for (int n = 0; n < kBlockFragments; ++n) {
        thread vec<float, 2>& s = elements(scores[r][n]);
        const int key = first_key + 8 * n + lane.column;
        s = plain ? s * head.scale_log2
                  : vec<float, 2>(head.score(s[0], row(r), key), head.score(s[1], row(r), key + 1));
      }
      const float factor = softmax[r].absorb(scores[r], probabilities[r]);
      if (has_dropout) drop(r, first_key);
      // Later blocks rarely bring a larger score.
      if (simd_all(factor == 1.0f)) continue;
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) elements(sums[r][d]) *= factor;
    }
  }

  /// After the softmax, whose denominator has the dropped pairs, too. What is kept grows at the end.
  METAL_FUNC void drop(int r, int first_key) {
    const uint kept = dropout.kept_keys<kBlockFragments>(row(r), first_key, lane);
#pragma unroll
    for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
      for (int e = 0; e < 2; ++e)
        if (!is_kept(kept, n, e)) elements(probabilities[r][n])[e] = T(0);
  }

  /// Adds what `special` says was staged as zero. Infinity times any probability is infinity, but NaN where
  /// the pair was dropped.
  METAL_FUNC void add_special(uint special, HeadRows<T> values, int first_key) {
    for (; special != 0; special &= special - 1) {
      const int key = first_key + ctz(special);
#pragma unroll
      for (int r = 0; r < kRowFragments; ++r) {
        if (!head.sees(row(r), key)) continue;
        const float weight = !has_dropout || dropout.keeps(row(r), key) ? 1.0f : 0.0f;
        add_special_row(sums[r], weight, values.row(key), values.dim, lane);
      }
    }
  }

  /// Goes over the key blocks that some row of the threadgroup sees. `careful` when NaN and infinity among
  /// the values have to be kept from rows that cannot see them.
  METAL_FUNC void add_blocks(thread Blocks& from, BlockRange range, bool careful) {
    const KeyBlocks own = key_blocks(head.band, first, count, Tile::kBlock);
    reset();
    for (int block = range.begin; block < range.end; ++block) {
      const int first_key = block * Tile::kBlock;

      // Stage keys
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the values of the block before have been read
      from.stage_keys(first_key);
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys are there
      if (own.see(block)) attend(from.keys, first_key, own.are_plain(block));

      // Stage values
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys have been read
      if (careful) {
        from.stage_finite_values(first_key, lane);
      } else {
        from.stage_values(first_key);
      }
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the values are there

      // Add values
      if (!own.see(block)) continue;
      multiply(sums, probabilities, from.values);
      if (careful) add_special(from.special.rows(), from.from_values, first_key);
    }
  }

  /// After the last block. True for a lane with a NaN that the row's scores do not explain.
  METAL_FUNC bool finish() {
    bool unexpected = false;
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      softmax[r].finish();
      bool found = false;
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) found = found || any(isnan(elements(sums[r][d])));
      unexpected = unexpected || (found && !isnan(softmax[r].sum));
    }
    return unexpected;
  }

  // The pointers below are those of row 0 of the sequence.
  METAL_FUNC void write_out(device T* out, int stride, int dim, float factor) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const float sum = softmax[r].sum;
      if (exists(r))
        write_row(out + Int64(row(r)) * stride, dim, lane, sums[r], sum == 0 ? 0.0f : factor / sum);
    }
  }
  METAL_FUNC void write_lse(device float* lse) const {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      if (exists(r) && lane.column == 0) lse[row(r)] = lse_of(softmax[r].largest, softmax[r].sum, sink);
  }
  /// `rows` is the distance from the maxima to the denominators.
  METAL_FUNC void write_stats(device float* stats, Int64 rows) const {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      if (!exists(r) || lane.column != 0) continue;
      stats[row(r)] = softmax[r].largest;
      stats[row(r) + rows] = softmax[r].sum;
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void forward(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], device T* out [[buffer(binding::kOut)]],
    device float* lse [[buffer(binding::kLse), function_constant(writes_lse)]],
    device float* stats [[buffer(binding::kStats), function_constant(writes_stats)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* alibi_slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device float* sinks [[buffer(binding::kSinks), function_constant(has_sinks)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    const device TaskPlace* places [[buffer(binding::kTaskList), function_constant(is_packed)]],
    constant AttentionParams& p [[buffer(binding::kParams)]], uint group [[threadgroup_position_in_grid]],
    uint thread_index [[thread_index_in_threadgroup]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane_index [[thread_index_in_simdgroup]]) {
  using Rows = QueryRows<T, width, value_width, Tile>;
  threadgroup vec<T, 4> staged[Rows::Blocks::kVectors];
  threadgroup uint special[Tile::kSimdgroups];
  TaskInputs tasks;
  if (has_sequences) tasks.sequences = sequences;
  if (is_packed) tasks.places = places;
  ScoreInputs added;
  if (has_mask) added.mask = mask;
  if (has_bias) added.bias = bias;
  if (has_alibi) added.alibi_slopes = alibi_slopes;

  // Own rows
  Task task;
  task.open_queries(p, tasks, group, Tile::kGroupRows);
  const int queries = task.sequence.queries;
  const int group_first = task.block * Tile::kGroupRows, first = group_first + simdgroup * Tile::kRows;
  Rows rows(Lane(lane_index), first, queries - first, Dropout(p, task.batch, task.head));
  rows.open(query_rows(q, p.q, task, task.head, p.head_dim));
  rows.head.open(p, added, task.sequence, task.batch, task.head);
  if (has_sinks) rows.sink = sinks[task.head];

  // Key blocks
  const int kv_head = kv_head_of(p, task.head);
  typename Rows::Blocks blocks{key_rows(k, p.k, task, kv_head, p.head_dim),
                               key_rows(v, p.v, task, kv_head, p.value_dim),
                               {single_elements(staged)},
                               {single_elements(staged)},
                               {special},
                               thread_index,
                               simdgroup};
  const int group_count = min(Tile::kGroupRows, queries - group_first);
  BlockRange range = key_blocks(rows.head.band, group_first, group_count, Tile::kBlock).seen;
  for (bool careful = false;; careful = true) {
    rows.add_blocks(blocks, range, careful);
    const bool unexpected = rows.finish();
    if (careful) break;
    blocks.special.tell(unexpected ? 1 : 0, simdgroup, rows.lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // every simdgroup has told
    if (blocks.special.rows() == 0) break;
  }

  // Write rows
  rows.write_out(out + query_offset(p.out, task, task.head), int(p.out.row), p.value_dim, keep_factor_of(p));
  const Int64 row = task.first_row(p, task.head);
  if (writes_lse) rows.write_lse(lse + row);
  if (writes_stats) rows.write_stats(stats + row, all_rows(p));
}

}  // namespace fa

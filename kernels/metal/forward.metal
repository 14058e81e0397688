// Forward: out = softmax(q k^T) v by online softmax over blocks of keys. A simdgroup owns its query rows; the
// simdgroups of a threadgroup share the staged keys and values, one after the other in the same memory.
#include "tile/fragment.h"
#include "tile/softmax.h"
#include "tile/special_rows.h"
#include "tile/stage.h"
#include "tile/task.h"
#include "tile/visibility.h"

namespace fa {
using namespace metal;

/// What a simdgroup holds while the keys pass by.
template <typename T, int width, int value_width, typename Tile>
struct QueryRows {
  using Keys = StagedRows<T, Tile::kBlock, width, RowPad<T>::kReadBothWays>;
  using Values = StagedRows<T, Tile::kBlock, value_width, RowPad<T>::kReadAsRows>;
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;

  Lane lane;
  int first;  ///< row of the head
  int count;  ///< rows that exist; may be zero or less
  OwnRows<T, width, Tile::kOwn> queries[kRowFragments];
  Fragment<float> scores[kRowFragments][kBlockFragments];
  Fragment<T> probabilities[kRowFragments][kBlockFragments];
  Fragment<float> out[kRowFragments][value_width / 8];
  OnlineSoftmax softmax[kRowFragments];

  METAL_FUNC QueryRows(Lane of_lane, int first_row, int row_count)
      : lane(of_lane), first(first_row), count(min(Tile::kRows, row_count)) {}

  /// The row of the head that this lane holds of fragment `r`. Past the end it is the last row once more,
  /// which is then not written.
  METAL_FUNC int row(int r) const { return first + min(8 * r + lane.row, count - 1); }
  METAL_FUNC bool exists(int r) const { return 8 * r + lane.row < count; }

  METAL_FUNC void open(HeadRows<T> from) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      queries[r].open(from.row(max(row(r), 0)), from.dim, lane);
      softmax[r].reset();
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) out[r][d] = zero_fragment<float>();
    }
  }

  METAL_FUNC void multiply_keys(Keys keys) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
#pragma unroll
      for (int k = 0; k < kBlockFragments; ++k) scores[r][k] = zero_fragment<float>();
    // Queries in registers need a constant index; otherwise a short loop is kinder to the instruction cache.
#pragma unroll(Tile::kOwn == kOwnInRegisters ? width / 8 : 2)
    for (int d = 0; d < width / 8; ++d) {
      Fragment<T> query[kRowFragments];
#pragma unroll
      for (int r = 0; r < kRowFragments; ++r) query[r] = queries[r].fragment(d);
#pragma unroll
      for (int k = 0; k < kBlockFragments; ++k) {
        const Fragment<T> key = keys.transposed(k, d);
#pragma unroll
        for (int r = 0; r < kRowFragments; ++r)
          simdgroup_multiply_accumulate(scores[r][k], query[r], key, scores[r][k]);
      }
    }
  }

  /// From products to probabilities. In a plain block every pair is visible and has nothing added.
  METAL_FUNC void attend(thread const HeadScores& head, int first_key, bool plain) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
#pragma unroll
      for (int k = 0; k < kBlockFragments; ++k) {
        thread vec<float, 2>& s = scores[r][k].thread_elements();
        const int key = first_key + 8 * k + lane.column;
        s = plain ? s * head.scale_log2
                  : vec<float, 2>(head.score(s[0], row(r), key), head.score(s[1], row(r), key + 1));
      }
      const float factor = softmax[r].absorb(scores[r], probabilities[r]);
#pragma unroll
      for (int d = 0; d < value_width / 8; ++d) out[r][d].thread_elements() *= factor;
    }
  }

  METAL_FUNC void multiply_values(Values values) {
#pragma unroll
    for (int d = 0; d < value_width / 8; ++d)
#pragma unroll
      for (int k = 0; k < kBlockFragments; ++k) {
        const Fragment<T> value = values.fragment(k, d);
#pragma unroll
        for (int r = 0; r < kRowFragments; ++r)
          simdgroup_multiply_accumulate(out[r][d], probabilities[r][k], value, out[r][d]);
      }
  }

  /// `special` has one bit for each row of the block that was staged without its NaN and infinities.
  METAL_FUNC void add_special_values(uint special, HeadRows<T> values, thread const HeadScores& head,
                                     int first_key) {
    for (; special != 0; special &= special - 1) {
      const int k = ctz(special);
#pragma unroll
      for (int r = 0; r < kRowFragments; ++r) {
        const float weight = weight_of(probabilities[r], k, lane);
        if (head.sees(row(r), first_key + k))
          add_special_row(out[r], weight, values.row(first_key + k), values.dim, lane);
      }
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void forward(const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
                        const device T* v [[buffer(binding::kV)]], device T* out [[buffer(binding::kOut)]],
                        device float* lse [[buffer(binding::kLse), function_constant(writes_lse)]],
                        device float* stats [[buffer(binding::kStats), function_constant(writes_stats)]],
                        const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
                        const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
                        constant AttentionParams& p [[buffer(binding::kParams)]],
                        uint group [[threadgroup_position_in_grid]],
                        uint thread_index [[thread_index_in_threadgroup]],
                        ushort simdgroup [[simdgroup_index_in_threadgroup]],
                        ushort lane [[thread_index_in_simdgroup]]) {
  using Rows = QueryRows<T, width, value_width, Tile>;
  threadgroup T staged[Rows::Keys::kSize > Rows::Values::kSize ? Rows::Keys::kSize : Rows::Values::kSize];
  threadgroup uint special_words[Tile::kSimdgroups];
  const typename Rows::Keys keys{staged};
  const typename Rows::Values values{staged};
  const SpecialRows<Tile::kSimdgroups> special{special_words};

  // Own rows
  const Task task = query_task(p, group, Tile::kGroupRows);
  const int kv_head = kv_head_of(p, task.head);
  const HeadRows<T> from_q = head_rows(q, p.q, task.batch, task.head, p.query_length, p.head_dim);
  const HeadRows<T> from_k = head_rows(k, p.k, task.batch, kv_head, p.band.keys, p.head_dim);
  const HeadRows<T> from_v = head_rows(v, p.v, task.batch, kv_head, p.band.keys, p.value_dim);
  const int group_first = task.block * Tile::kGroupRows;
  const int group_count = min(Tile::kGroupRows, p.query_length - group_first);
  const int first = group_first + simdgroup * Tile::kRows;
  Rows rows(Lane(lane), first, p.query_length - first);
  rows.open(from_q);
  HeadScores head;
  head.open(p, task.batch, task.head);
  if (has_mask) head.mask = mask;
  if (has_bias) head.bias = bias;

  // Key blocks
  const BlockRange all = visible_blocks(p.band, group_first, group_count, Tile::kBlock);
  const BlockRange all_full = full_blocks(p.band, group_first, group_count, Tile::kBlock);
  const BlockRange own =
      rows.count > 0 ? visible_blocks(p.band, first, rows.count, Tile::kBlock) : BlockRange{0, 0};
  const BlockRange own_full = full_blocks(p.band, first, rows.count, Tile::kBlock);
  for (int block = all.begin; block < all.end; ++block) {
    const int first_key = block * Tile::kBlock;
    const bool takes_part = block >= own.begin && block < own.end;
    const bool cut = !head.is_plain(all_full, block);

    // Stage keys
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the last block's values have been read
    keys.template stage<Tile::kThreads>(from_k, first_key, thread_index);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys are complete

    // Score keys
    if (takes_part) {
      rows.multiply_keys(keys);
      rows.attend(head, first_key, head.is_plain(own_full, block));
    }

    // Stage values
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys have been read
    if (cut) {
      special.tell(values.template stage_finite<Tile::kThreads>(from_v, first_key, thread_index), simdgroup,
                   rows.lane);
    } else {
      values.template stage<Tile::kThreads>(from_v, first_key, thread_index);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the values are complete

    // Add values
    if (!takes_part) continue;
    rows.multiply_values(values);
    if (cut) rows.add_special_values(special.rows(), from_v, head, first_key);
  }

  // Write rows
#pragma unroll
  for (int r = 0; r < Tile::kRowFragments; ++r) {
    const float sum = rows.softmax[r].total();
    if (!rows.exists(r)) continue;
    const int row = rows.row(r);
    device T* to = out + task.batch * p.out.batch + task.head * p.out.head + row * p.out.row;
    write_row(to, p.value_dim, rows.lane, rows.out[r], sum == 0 ? 0.0f : 1.0f / sum);
    if (rows.lane.column != 0) continue;
    const Int64 place = task.first_row(p) + row;
    if (writes_lse) lse[place] = log_of(rows.softmax[r].largest, sum);
    if (writes_stats) {
      stats[place] = rows.softmax[r].largest;
      stats[place + Int64(p.batch) * p.query_heads * p.query_length] = sum;
    }
  }
}

}  // namespace fa

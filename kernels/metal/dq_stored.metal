// dQ = scale * dS K, from the dS that dkv kept: the third of the products of dq, without the first two.
#include "tile/gradient.h"

namespace fa {
using namespace metal;

/// What a simdgroup holds while the keys pass by.
template <typename T, int width, typename Tile>
struct StoredGradient {
  using Keys = StagedRows<T, Tile::kBlock, width, RowPad<T, width>::kReadAsRows>;
  static constant constexpr int kRowFragments = Tile::kRowFragments;

  Lane lane;
  int first;                                ///< row of the head
  int count;                                ///< rows that exist; may be zero or less
  const device T* d_scores[kRowFragments];  ///< this lane's two elements of fragment 0
  BlockRange seen[kRowFragments];           ///< fragments of keys; dkv left the others as they were
  Fragment<T> weights[kRowFragments][1];
  Fragment<float> sums[kRowFragments][width / 8];

  METAL_FUNC StoredGradient(Lane of_lane, int first_row, int row_count)
      : lane(of_lane), first(first_row), count(min(Tile::kRows, row_count)) {}

  /// The row of the head that this lane holds of fragment `r`. Past the end it is the last row once more,
  /// which is then not written.
  METAL_FUNC int row(int r) const { return max(first + min(8 * r + lane.row, count - 1), 0); }

  METAL_FUNC void open(const device T* kept, int stride, KeyBand band) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      d_scores[r] = kept + Int64(row(r)) * stride + lane.column;
      seen[r] = key_blocks(band, first + 8 * r, min(8, count - 8 * r), 8).seen;
#pragma unroll
      for (int d = 0; d < width / 8; ++d) sums[r][d] = zero_fragment<float>();
    }
  }

  /// False when no row sees a key of this fragment.
  METAL_FUNC bool read(int key_fragment) {
    bool any = false;
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const bool sees = key_fragment >= seen[r].begin && key_fragment < seen[r].end;
      elements(weights[r][0]) =
          sees ? *reinterpret_cast<const device vec<T, 2>*>(d_scores[r] + 8 * key_fragment)
               : vec<T, 2>(hidden_weight<T>());
      any = any || sees;
    }
    return any;
  }

  METAL_FUNC void accumulate(Keys keys, int n) {
#pragma unroll
    for (int d = 0; d < width / 8; ++d) {
      const Fragment<T> right = keys.load(n, d);
#pragma unroll
      for (int r = 0; r < kRowFragments; ++r)
        simdgroup_multiply_accumulate(sums[r][d], weights[r][0], right, sums[r][d]);
    }
  }

  /// `special` has a bit for each key of the fragment that was staged without its NaN and infinities.
  METAL_FUNC void add_special(uint special, HeadRows<T> keys, int first_key) {
    for (; special != 0; special &= special - 1) {
      const int k = ctz(special);
#pragma unroll
      for (int r = 0; r < kRowFragments; ++r) {
        const float weight = weight_of(weights[r], k, lane);
        if (!is_hidden(weight)) add_special_row(sums[r], weight, keys.row(first_key + k), keys.dim, lane);
      }
    }
  }

  METAL_FUNC void write(device T* d_q, int stride, int dim, float scale) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      if (8 * r + lane.row < count) write_row(d_q + Int64(row(r)) * stride, dim, lane, sums[r], scale);
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void dq_stored(
    const device T* k [[buffer(binding::kK)]], const device T* kept [[buffer(binding::kDScores)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device T* d_q [[buffer(binding::kDq)]], constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], uint thread_index [[thread_index_in_threadgroup]],
    ushort simdgroup [[simdgroup_index_in_threadgroup]], ushort lane_index [[thread_index_in_simdgroup]]) {
  using Rows = StoredGradient<T, width, Tile>;
  threadgroup vec<T, 4> staged[Rows::Keys::kVectors];
  threadgroup uint special_words[Tile::kSimdgroups];
  const typename Rows::Keys keys{single_elements(staged)};
  const SpecialRows<Tile::kSimdgroups> special{special_words};

  TaskInputs inputs;
  if (has_sequences) inputs.sequences = sequences;

  // Own rows
  Task task;
  open_queries(task, p, g, inputs, group, Tile::kGroupRows);
  const int group_first = task.block * Tile::kGroupRows, first = group_first + simdgroup * Tile::kRows;
  const HeadRows<T> from_k = key_rows(k, p.k, task, kv_head_of(p, task.head), p.head_dim);
  Rows rows(Lane(lane_index), first, p.query_length - first);
  rows.open(kept + kept_offset(p, g, task.first_row(p, task.head)), kept_stride(p), task.sequence.band);

  // Key blocks
  const int group_count = min(Tile::kGroupRows, p.query_length - group_first);
  const KeyBlocks of_group = key_blocks(task.sequence.band, group_first, group_count, Tile::kBlock);
  for (int block = of_group.seen.begin; block < of_group.seen.end; ++block) {
    // Stage keys
    const bool plain = of_group.are_plain(block);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // all have used the block before
    if (plain) {
      keys.template stage<Tile::kThreads>(from_k, block * Tile::kBlock, thread_index);
    } else {
      special.tell(keys.template stage_finite<Tile::kThreads>(from_k, block * Tile::kBlock, thread_index),
                   simdgroup, rows.lane);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the block is there

    // Add gradients
    const uint special_rows = plain ? 0 : special.rows();
    for (int n = 0; n < Tile::kBlockFragments; ++n) {
      const int key_fragment = block * Tile::kBlockFragments + n;
      if (!rows.read(key_fragment)) continue;
      rows.accumulate(keys, n);
      rows.add_special(special_rows >> 8 * n & 0xff, from_k, 8 * key_fragment);
    }
  }
  rows.write(d_q + query_offset(g.dq, task, task.head), int(g.dq.row), p.head_dim, p.scale);
}

}  // namespace fa

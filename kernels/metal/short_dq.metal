// dQ = scale * dS K for few query rows, from the dS that short_dkv kept: the rows of a kv head's whole group
// share fragments. The simdgroups of a threadgroup deal out the keys eight by eight; their sums are added one
// after the other.
#include "tile/gradient.h"
#include "tile/packed_rows.h"

namespace fa {
using namespace metal;

/// A simdgroup's part of the sums: of every kParts-th fragment of keys, in one slice of the columns.
template <typename T, int width, typename Tile>
struct ShortQueries {
  static_assert(Tile::kRows == 8, "a threadgroup owns one fragment of rows");
  // More columns than these are shared by several simdgroups, for the sake of registers.
  static constant constexpr int kSlices = width > 256 ? 4 : width > 128 ? 2 : 1;
  static constant constexpr int kParts = Tile::kSimdgroups / kSlices;
  static constant constexpr int kGroups = column_groups(width) / kSlices;
  static_assert(kGroups * kSlices == column_groups(width), "slices are equally wide");

  Lane lane;
  int part, first_group;
  ColumnGroup sums[kGroups];

  METAL_FUNC ShortQueries(ushort lane_index, ushort simdgroup)
      : lane(lane_index), part(simdgroup / kSlices), first_group(simdgroup % kSlices * kGroups) {
#pragma unroll
    for (int c = 0; c < kGroups; ++c) sums[c].reset();
  }

  /// `key` is this lane's row of the fragment.
  METAL_FUNC void add(Fragment<T> weights, const device T* key, int dim, bool plain) {
#pragma unroll
    for (int c = 0; c < kGroups; ++c) {
      vec<T, 4> share = read_share<width>(key, share_column(first_group + c, lane), dim);
      if (!plain) {
        const vec<T, 4> special = take_special(share);
        if (simd_any(any(special != vec<T, 4>(T(0))))) sums[c].add_special(weights, special, lane);
      }
      sums[c].multiply_add(weights, share);
    }
  }

  /// Adds the parts one after the other. By all threads.
  METAL_FUNC void combine(threadgroup vec<float, 4>* shares) {
    for (int n = 0; n < kParts; ++n) {
      if (n == part) {
#pragma unroll
        for (int c = 0; c < kGroups; ++c) {
          threadgroup vec<float, 4>& sum = shares[32 * (first_group + c) + lane.index];
          sum = n == 0 ? sums[c].share() : sum + sums[c].share();
        }
      }
      threadgroup_barrier(mem_flags::mem_threadgroup);  // the next part adds to these sums
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void short_dq(
    const device T* k [[buffer(binding::kK)]], const device T* kept [[buffer(binding::kDScores)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device T* d_q [[buffer(binding::kDq)]], constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane_index [[thread_index_in_simdgroup]]) {
  using Queries = ShortQueries<T, width, Tile>;
  threadgroup vec<float, 4> shares[Queries::kSlices * Queries::kGroups * 32];
  Queries own(lane_index, simdgroup);
  TaskInputs inputs;
  if (has_sequences) inputs.sequences = sequences;

  // Own rows
  const int task = int(group) + p.first_task, per_head = p.query_heads / p.kv_heads;
  const int chunks = blocks_of(per_head * p.query_length, Tile::kRows);
  PackedRows rows;
  rows.open(p, inputs, g.first_head / per_head + task / chunks);
  const int row = task % chunks * Tile::kRows + own.lane.row, stride = kept_stride(p);
  const Int64 first_row = rows.start - Int64(g.first_head) * p.query_length;
  const device T* d_scores = kept + (first_row + min(row, rows.count - 1)) * stride + own.lane.column;
  const device T* keys = k + rows.kv_offset(p.k);

  // Add keys
  const KeyBlocks blocks = key_blocks(rows.sequence.band, 0, p.query_length, 8);
  for (int b = blocks.seen.begin + own.part; b < blocks.seen.end; b += Queries::kParts) {
    Fragment<T> weights;
    elements(weights) = *reinterpret_cast<const device vec<T, 2>*>(d_scores + 8 * b);
    const device T* key = keys + min(8 * b + own.lane.row, rows.sequence.band.keys - 1) * p.k.row;
    own.add(weights, key, p.head_dim, blocks.are_plain(b));
  }
  own.combine(shares);

  // Write rows
  if (row >= rows.count) return;
  device T* to = d_q + rows.offset(g.dq, row);
  for (int c = simdgroup; c < Queries::kSlices * Queries::kGroups; c += Tile::kSimdgroups)
    write_share<width>(to, share_column(c, own.lane), p.head_dim, shares[32 * c + own.lane.index] * p.scale);
}

}  // namespace fa
